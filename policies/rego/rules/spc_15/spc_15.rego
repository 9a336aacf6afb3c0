# METADATA
# title: An object has a field that the provider does not know
# description: |
#   The provider passes over fields that it does not know without a word, and
#   names are exact, in case too. A misspelt field is as good as absent.
# custom:
#   subjects: [SecretProviderClass]
#   severity: deny
#   message: "the provider ignores the field {unknown}: it is spelt {known}"
#   remedy: "Rename the field {unknown} to {known}"
#   symptom: "The object behaves as if the field were not there: without objectType nothing is synced, without objectEncoding the hex text itself lands in the list and connections fail with BadCertificateUntrusted."
#   sources: ["Azure Key Vault provider v1.8.2, KeyVaultObject, decoded without strictness"]
#   variants:
#     unlike:
#       message: "the provider does not know the field {unknown} and ignores it"
#       remedy: "Remove the field {unknown}; the provider knows objectName, objectAlias, objectType, objectEncoding, objectFormat, objectVersion, objectVersionHistory and filePermission"
package storewarden.rules.spc_15

finding contains {
	"code": "SPC-15",
	"entry": e.id,
	"field": concat(".", [e.field, u.name]),
	"variant": variant,
	"args": {"unknown": u.name, "known": u.suggestion},
} if {
	some e in input.entries
	e.trouble == ""
	some u in e.object.unknown
	variant := {true: "unlike", false: ""}[u.suggestion == ""]
}
