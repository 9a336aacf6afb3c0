# METADATA
# title: The version history is not a number
# description: |
#   objectVersionHistory is a whole number without quotes; anything else keeps the
#   provider from reading the object.
# custom:
#   subjects: [SecretProviderClass]
#   severity: deny
#   message: "{trouble_message}, and that makes every object of this SecretProviderClass fail"
#   remedy: "Remove the line objectVersionHistory: Azure IoT Operations syncs the latest version only; if a history is wanted after all, write a number without quotes"
#   symptom: Every SecretSync that uses the class reports ProviderError with "cannot unmarshal !!str into int32"; no list is updated, and connections fail with BadCertificateTimeInvalid in the end.
#   sources: ["Azure Key Vault provider v1.8.2, objectVersionHistory"]
package storewarden.rules.spc_34

finding contains {"code": "SPC-34", "entry": e.id, "field": concat(".", [e.field, "objectVersionHistory"])} if {
	some e in input.entries
	e.trouble == "history"
}
