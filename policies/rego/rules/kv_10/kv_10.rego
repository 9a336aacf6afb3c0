# METADATA
# title: A vault secret does not say how its file was encoded
# description: |
#   The az CLI keeps that in the tag file-encoding, and writes objectEncoding by
#   it. Of a secret without the tag it takes the value for plain text.
# custom:
#   subjects: [SecretProviderClass]
#   severity: info
#   message: "vault secret {ref} holds {what} and has no tag file-encoding"
#   remedy: "Upload the file again, which sets the tag and the content type: az keyvault secret set --vault-name {vault} --name {secret} {upload}"
#   symptom: None by itself; an object that the az CLI adds for it lacks objectEncoding, and connections fail with BadCertificateUntrusted.
#   implies: [KV-08]
#   sources: ["az iot ops secretsync secret set: objectEncoding by the tag", "az CLI, keyvault secret set"]
package storewarden.rules.kv_10

import data.storewarden.lib.upload

finding contains {"code": "KV-10", "entry": e.id, "args": {"upload": upload.options[e.id]}} if {
	some e in input.entries
	e.state == "decoded"
	e.vault.file_encoding == ""
	not e.vault.certificate_resource
	e.suits
}
