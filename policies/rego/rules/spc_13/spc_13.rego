# METADATA
# title: The text of an object is not made of fields
# description: |
#   The text of each item must be lines of "field: value", each field once and
#   with a single value; the space after the colon is needed.
# custom:
#   subjects: [SecretProviderClass]
#   severity: deny
#   message: "the object cannot be read ({trouble_message}), and that makes every object of this SecretProviderClass fail"
#   remedy: "Write one field on each line, with a space after the colon: objectName: my-server-der, objectType: secret, objectEncoding: hex"
#   symptom: Every SecretSync that uses the class reports ProviderError with "unmarshal failed for keyVaultObjects"; no list is updated.
#   sources: ["Azure Key Vault provider v1.8.2, pkg/provider, parsing of keyVaultObjects"]
package storewarden.rules.spc_13

finding contains {"code": "SPC-13", "entry": e.id} if {
	some e in input.entries
	e.trouble == "not-mapping"
}
