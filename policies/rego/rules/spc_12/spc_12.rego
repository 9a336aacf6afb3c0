# METADATA
# title: An object is a YAML mapping instead of a block of text
# description: |
#   Each item of array must be text that holds YAML, which the marker "- |"
#   makes it. One item without the marker makes the provider give up on the
#   whole list.
# custom:
#   subjects: [SecretProviderClass]
#   severity: deny
#   message: "the object is not a block of text ({trouble_message}), and that makes every object of this SecretProviderClass fail"
#   remedy: "Write the item as a line \"- |\" and put its fields on the lines below it, indented: objectName: {name}, objectType: secret, objectEncoding: hex"
#   symptom: Every SecretSync that uses the class reports ProviderError with "cannot unmarshal !!map into string"; no list is updated.
#   sources: ["Azure Key Vault provider v1.8.2, pkg/provider/types, StringArray"]
package storewarden.rules.spc_12

finding contains {"code": "SPC-12", "entry": e.id, "args": {"name": object.get({"": "NAME"}, e.name, e.name)}} if {
	some e in input.entries
	e.trouble == "mapping"
}
