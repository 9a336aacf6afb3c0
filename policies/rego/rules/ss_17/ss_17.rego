# METADATA
# title: A private key or password is mapped into a list
# description: |
#   Every pod that uses a list mounts all of it, and a list needs no secrets. A
#   private key or credential there is exposed and serves nobody.
# custom:
#   subjects: [SecretSync]
#   severity: deny
#   message: "vault secret {ref} holds a private key, and {key} would put it into the {store}"
#   remedy: "Remove the mapping of {key} from this SecretSync; map the certificate alone, and keep the private key in a SecretSync of its own (the connector's own pair: az iot ops connector opcua client add)"
#   symptom: The private key is readable by every pod that mounts the list; the connector reads no certificate from it, and connections fail with BadCertificateUntrusted.
#   implies: [KV-09, KV-18, SS-08, SS-09]
#   covers: [SPC-43]
#   sources: ["Akri connector contract: each key of the Secret becomes a file", "OPC 10000-12 7.8.2.8, contents of a TrustList"]
#   variants:
#     named:
#       message: "{key} is the name of a credential, which does not belong into the {store}"
#       remedy: "Remove the mapping of {key} from this SecretSync and map it in a SecretSync of its own; if it is a certificate after all, name the target key after its format: .der for DER, .crt for PEM"
package storewarden.rules.ss_17

import data.storewarden.lib.contents
import data.storewarden.lib.roles

finding contains {"code": "SS-17", "entry": e.id} if {
	some e in input.entries
	e.content.kind == "private-key"
	e.role in roles.lists
}

finding contains {"code": "SS-17", "entry": e.id, "field": concat(".", [e.field, "targetKey"]), "variant": "named"} if {
	some id in contents.credentials
	e := input.entries[id]
	e.role in roles.opcua_lists
	not e.content.kind in {"private-key", "certificate", "certificate-bundle", "crl"}
}
