# METADATA
# title: The file permission is not one
# description: |
#   filePermission is for files that the CSI driver mounts, an octal mode such as
#   0644. For a Secret it does nothing, and what it says is not looked at.
# custom:
#   subjects: [SecretProviderClass]
#   severity: info
#   message: "filePermission {permission} is no octal mode; it is ignored"
#   remedy: "Remove the line filePermission: the keys of a Secret have no mode of their own"
#   symptom: None for the secret store extension.
#   sources: ["Azure Key Vault provider v1.8.2, filePermission"]
package storewarden.rules.spc_44

finding contains {
	"code": "SPC-44",
	"entry": e.id,
	"field": concat(".", [e.field, "filePermission"]),
	"args": {"permission": e.object.file_permission},
} if {
	some e in input.entries
	not regex.match(`^(0?o?[0-7]{1,4})?$`, e.object.file_permission)
	e.trouble == ""
}
