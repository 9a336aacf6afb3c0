# METADATA
# title: The alias of an object leaves its folder
# description: |
#   The provider writes each object as a file below one folder, and refuses an
#   alias that is an absolute path or climbs out with "..".
# custom:
#   subjects: [SecretProviderClass]
#   severity: deny
#   message: "objectAlias {alias} is not a plain name: neither a leading / nor .. is allowed"
#   remedy: "Set objectAlias to a plain name such as {plain}, the same as the sourcePath in the SecretSync; or remove the line, and the name is {entry}"
#   symptom: The provider reports "file name must be a relative path" or "must not contain '..'" and the sync fails.
#   sources: ["Azure Key Vault provider v1.8.2, validation of file names"]
package storewarden.rules.spc_29

import data.storewarden.lib.names

finding contains {
	"code": "SPC-29",
	"entry": e.id,
	"field": concat(".", [e.field, "objectAlias"]),
	"args": {"plain": names.as_key(e.object.alias)},
} if {
	some e in input.entries
	e.object.alias != ""
	e.trouble == ""
	escapes(e.object.alias)
}

escapes(alias) if startswith(alias, "/")

escapes(alias) if contains(alias, "..")
