# METADATA
# title: A private key lies beside a certificate in a list
# description: |
#   The file holds a certificate and its private key. A list is mounted by every
#   pod of the connector, and whoever reads the key can pose as the server.
# custom:
#   subjects: [SecretProviderClass, SecretSync, Secret]
#   severity: deny
#   message: "key {key} holds a private key beside the certificate: every pod that mounts the list can read it"
#   remedy: "Keep only the certificate: openssl x509 -in FILE -outform {form} -out ./{key}; upload it: az keyvault secret set --vault-name {vault} --name {secret} {upload}; and treat the private key as exposed: issue a new pair"
#   symptom: None, until somebody uses the private key; some parsers refuse the file, and connections fail with BadCertificateUntrusted.
#   implies: [KV-09, KV-11, KV-19, KV-21, SEC-07, SS-11, SS-12, SS-13, SS-17, X-04, X-05, X-13]
#   sources: ["Misconfigurations of connector stores, KV-20"]
package storewarden.rules.kv_20

import data.storewarden.lib.roles
import data.storewarden.lib.upload

finding contains {"code": "KV-20", "entry": e.id, "args": {"form": form, "upload": upload.options[e.id]}} if {
	some e in input.entries
	e.content.kind == "certificate-with-private-key"
	e.role in roles.lists
	form := {true: "DER", false: "PEM"}[lower(e.ext) == ".der"]
}
