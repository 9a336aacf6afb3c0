# METADATA
# title: An object has no name
# description: |
#   objectName is the name of the vault secret. An empty one would even turn the
#   read of one secret into a listing of the vault.
# custom:
#   subjects: [SecretProviderClass]
#   severity: deny
#   message: "objectName is missing: the object does not say which vault secret to fetch"
#   remedy: "Add the line objectName: NAME with the name of the vault secret; az keyvault secret list --vault-name {vault} --query \"[].name\" -o tsv shows them"
#   symptom: The provider reports "file name must not be empty" and the sync fails.
#   sources: ["Azure Key Vault provider v1.8.2, validation of keyVaultObjects"]
#   variants:
#     empty:
#       message: "the object is empty: it names no vault secret and no type"
#       remedy: "Remove the item, or write its fields below the line \"- |\", indented: objectName: NAME, objectType: secret, objectEncoding: hex"
package storewarden.rules.spc_17

finding contains {"code": "SPC-17", "entry": e.id, "field": concat(".", [e.field, "objectName"]), "variant": variant} if {
	some e in input.entries
	e.object.name == ""
	e.trouble == ""
	every u in e.object.unknown { # SPC-15 says it
		u.suggestion != "objectName"
	}
	variant := {true: "empty", false: ""}[e.object.type == ""]
}
