# METADATA
# title: A .der key holds a PEM certificate
# description: |
#   The connector reads a file by its extension: .der is binary DER, .crt is
#   PEM.
# custom:
#   subjects: [SecretSync]
#   severity: deny
#   message: "key {key} must hold DER, but vault secret {ref} holds a PEM certificate"
#   remedy: "Rename the target key to {stem}.crt; or keep it and upload the certificate as DER: openssl x509 -in {stem}.crt -outform DER -out {key}; az keyvault secret set --vault-name {vault} --name {secret} {upload}{declare}"
#   symptom: The file is not parsed, the certificate counts as absent, and connections fail with BadCertificateUntrusted.
#   implies: [KV-09]
#   covers: [CL-03]
#   sources: ["Azure IoT Operations documentation: .der is DER, .crt is PEM"]
#   variants:
#     client:
#       remedy: "Upload the certificate as DER: openssl x509 -in {stem}.crt -outform DER -out {key}; az keyvault secret set --vault-name {vault} --name {secret} {upload}{declare}"
package storewarden.rules.ss_11

import data.storewarden.lib.lists
import data.storewarden.lib.upload

variants := {"opcua-trust": "", "opcua-issuer": "", "opcua-client": "client"}

finding contains {
	"code": "SS-11",
	"entry": e.id,
	"variant": variants[e.role],
	"args": {"upload": upload.options[e.id], "declare": lists.declare[e.id]},
} if {
	some e in input.entries
	e.content.format == "pem"
	e.content.kind == "certificate"
	lower(e.ext) == ".der"
}
