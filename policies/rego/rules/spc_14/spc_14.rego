# METADATA
# title: A field stands twice in an object
# description: |
#   YAML forbids it, and the library that the provider reads with refuses the
#   whole object.
# custom:
#   subjects: [SecretProviderClass]
#   severity: deny
#   message: "the field {trouble_message} stands twice in the object, and that makes every object of this SecretProviderClass fail"
#   remedy: "Keep one line {trouble_message}, the one that is meant; if the second belongs to another object, begin that one with a line \"- |\" of its own"
#   symptom: Every SecretSync that uses the class reports ProviderError with "mapping key already defined"; no list is updated, and connections fail with BadCertificateTimeInvalid in the end.
#   sources: ["Azure Key Vault provider v1.8.2, parsing of keyVaultObjects", "yaml.v3, unique keys"]
package storewarden.rules.spc_14

finding contains {"code": "SPC-14", "entry": e.id} if {
	some e in input.entries
	e.trouble == "duplicate"
}
