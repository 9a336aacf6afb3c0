# METADATA
# title: The name of an object is not one that Key Vault allows
# description: |
#   Names of vault secrets are 1 to 127 letters, digits and hyphens. A dot or an
#   underscore mostly means that the name of a file was written instead: the az
#   CLI stores my-server.der as the secret my-server-der.
# custom:
#   subjects: [SecretProviderClass]
#   severity: deny
#   message: "objectName {entry} cannot be a vault secret: its name is 1 to 127 letters, digits and hyphens"
#   remedy: "Set objectName to the name of the vault secret, perhaps {suggested}; az keyvault secret list --vault-name {vault} --query \"[].name\" -o tsv shows them"
#   symptom: Key Vault answers 400 BadParameter or 404 SecretNotFound, and the sync fails.
#   sources: ["Azure Key Vault documentation, object names", "az iot ops, certs.py, pattern of secret names"]
#   variants:
#     file-name:
#       message: "objectName {entry} is the name of a file, not of a vault secret"
#       remedy: "Set objectName: {suggested}, the name under which az iot ops stores that file, and the same as sourcePath in the SecretSync; the file's own name belongs in targetKey"
package storewarden.rules.spc_18

import data.storewarden.lib.names

finding contains {
	"code": "SPC-18",
	"entry": e.id,
	"field": concat(".", [e.field, "objectName"]),
	"variant": variant,
	"args": {"suggested": names.as_secret(e.object.name)},
} if {
	some e in input.entries
	e.state == "malformed" # as it is with such a name
	e.object.name != ""
	e.trouble == ""
	not names.legal_secret(e.object.name)
	variant := {true: "file-name", false: ""}[regex.match(`(?i)[0-9a-z][.](der|crt|crl|cer|cert|pem|key|pfx|p12|p7b)$`, e.object.name)]
}
