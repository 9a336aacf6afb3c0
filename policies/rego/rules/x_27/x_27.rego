# METADATA
# title: An application certificate is for the other side of a connection
# description: |
#   A server's certificate has serverAuth among its extended key usages, the
#   connector's own clientAuth. One without the extension is let through.
# custom:
#   subjects: [SecretSync, Secret, Certificate]
#   severity: warn
#   message: "the certificate {subject} is not meant for {wanted}, only for {usages}"
#   remedy: "Issue the certificate again with extendedKeyUsage {wanted}, and upload it: az keyvault secret set --vault-name {vault} --name {secret} {upload}"
#   symptom: BadCertificateUseNotAllowed from stacks that check the extended key usage.
#   sources: ["OPC 10000-6 6.2.2, extendedKeyUsage"]
#   variants:
#     requested:
#       message: "Certificate {object} asks for a certificate that is not meant for clientAuth, only for {usages}"
#       remedy: "Add client auth to spec.usages"
package storewarden.rules.x_27

import data.storewarden.lib.upload
import data.storewarden.lib.words

finding contains {"code": "X-27", "entry": c.entry, "certificate": c.id, "args": args(c, "serverAuth")} if {
	some c in input.certificates
	c.role == "opcua-trust"
	c.end_entity
	not "serverAuth" in c.ext_key_usage
	others(c)
}

finding contains {"code": "X-27", "entry": c.entry, "certificate": c.id, "args": args(c, "clientAuth")} if {
	some c in input.certificates
	c.role == "opcua-client"
	c.end_entity
	not "clientAuth" in c.ext_key_usage
	others(c)
}

# others: it is meant for something, and not for everything.
others(c) if {
	count(c.ext_key_usage) > 0
	not "anyExtendedKeyUsage" in c.ext_key_usage
}

args(c, wanted) := {"wanted": wanted, "usages": words.few(c.ext_key_usage), "upload": upload.options[c.entry]}

finding contains {
	"code": "X-27", "field": "spec.usages", "variant": "requested",
	"args": {"usages": words.few(extended)},
} if {
	input.issuance.own
	extended := {u | some u in input.issuance.usages} & {"server auth", "code signing", "email protection", "s/mime", "timestamping", "ocsp signing"}
	count(extended) > 0
	not "client auth" in input.issuance.usages
	not "any" in input.issuance.usages
}
