# METADATA
# title: The text of objects cannot be read
# description: |
#   spec.parameters.objects is text that holds YAML of its own: the key array:
#   with a list below it. Tabs, a bare list or another shape make the provider
#   give up on all objects.
# custom:
#   subjects: [SecretProviderClass]
#   severity: deny
#   message: "spec.parameters.objects cannot be read ({objects_message}), so no object of this SecretProviderClass is synced"
#   remedy: "Begin the text with the line array:, indent with spaces and never tabs, and give each object a line \"- |\" with its fields indented below: objectName: NAME, objectType: secret, objectEncoding: hex"
#   symptom: Every SecretSync that uses the class reports ProviderError ("cannot unmarshal" or "found character that cannot start any token"); renewed certificates no longer arrive.
#   sources: ["Azure Key Vault provider v1.8.2, pkg/provider/types, StringArray"]
package storewarden.rules.spc_11

import data.storewarden.lib.azure

finding contains {"code": "SPC-11", "field": "spec.parameters.objects"} if {
	input.spc.objects_trouble == "unparseable"
	azure.meant
}
