# METADATA
# title: A vault secret has no content type
# description: |
#   The content type is a label, and the first thing that a person sees of a
#   secret in the portal. Nothing in the cluster reads it.
# custom:
#   subjects: [SecretProviderClass]
#   severity: info
#   message: "vault secret {ref} holds {what} and has no content type"
#   remedy: "Set it: az keyvault secret set-attributes --vault-name {vault} --name {secret} --content-type {upload_type}"
#   symptom: None by itself; whoever picks the secret next has to guess.
#   sources: ["Azure IoT Operations documentation, manage certificates: content types"]
package storewarden.rules.kv_08

finding contains {"code": "KV-08", "entry": e.id} if {
	some e in input.entries
	e.state == "decoded"
	e.vault.content_type == ""
	e.suits
}
