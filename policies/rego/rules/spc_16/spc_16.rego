# METADATA
# title: More follows an object than the provider reads
# description: |
#   Each item of array holds one object. Of a text with several YAML documents the
#   provider reads the first and drops the rest without a word.
# custom:
#   subjects: [SecretProviderClass]
#   severity: warn
#   message: "the item of {entry} goes on after a line ---: the provider reads what stands before it and drops the rest"
#   remedy: "Give each object an item of its own, begun with a line \"- |\", and remove the line ---"
#   symptom: The second object is never fetched; its certificate is missing from the Secret, and connections fail with BadCertificateUntrusted.
#   sources: ["Azure Key Vault provider v1.8.2, parsing of keyVaultObjects"]
package storewarden.rules.spc_16

finding contains {"code": "SPC-16", "entry": e.id} if {
	some e in input.entries
	e.object.dropped
	e.trouble == ""
}
