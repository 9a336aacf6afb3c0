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

import data.storewarden.lib.applications
import data.storewarden.lib.upload
import data.storewarden.lib.words

finding contains {
	"code": "X-27", "entry": c.entry, "certificate": c.id,
	"args": {"wanted": wanted[c.role], "usages": words.few(c.ext_key_usage), "upload": upload.options[c.entry]},
} if {
	some c in applications.certificates
	count(c.ext_key_usage) > 0
	usages := {u | some u in c.ext_key_usage}
	count(usages & {wanted[c.role], "anyExtendedKeyUsage"}) == 0
}

wanted := {"opcua-trust": "serverAuth", "opcua-client": "clientAuth"}

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
