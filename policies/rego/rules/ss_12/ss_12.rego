# METADATA
# title: A .crt key holds a DER certificate
# description: |
#   The connector reads a file by its extension: .der is binary DER, .crt is
#   PEM.
# custom:
#   subjects: [SecretSync]
#   severity: deny
#   message: "key {key} must hold PEM, but vault secret {ref} holds a DER certificate"
#   remedy: "Rename the target key to {stem}.der; or keep it and upload the certificate as PEM: openssl x509 -inform DER -in {stem}.der -out {key}; az keyvault secret set --vault-name {vault} --name {secret} {upload}"
#   symptom: The file is not parsed, the certificate counts as absent, and connections fail with BadCertificateUntrusted.
#   implies: [KV-09]
#   sources: ["Azure IoT Operations documentation: .der is DER, .crt is PEM"]
package storewarden.rules.ss_12

import data.storewarden.lib.roles
import data.storewarden.lib.upload

finding contains {"code": "SS-12", "entry": e.id, "args": {"upload": upload.options[e.id]}} if {
	some e in input.entries
	e.content.format == "der"
	e.content.kind == "certificate"
	lower(e.ext) == ".crt"
	e.role in roles.opcua_lists
}
