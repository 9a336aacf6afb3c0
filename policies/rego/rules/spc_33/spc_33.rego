# METADATA
# title: The version history changes the path that a SecretSync uses
# description: |
#   With objectVersionHistory of 2 or more the provider offers NAME/0 (the
#   newest), NAME/1 and so on, and no longer NAME; with less it offers only NAME.
# custom:
#   subjects: [SecretProviderClass, SecretSync]
#   severity: deny
#   message: "objectVersionHistory {history} offers {output} as {output}/0, {output}/1 …, but SecretSync {syncs} maps {output}"
#   remedy: "Remove the line objectVersionHistory from the object, or set sourcePath: {output}/0 in SecretSync {syncs}"
#   symptom: The sync reports "file matching sourcePath not found"; the key is missing from the Secret and connections fail with BadCertificateUntrusted.
#   basis: peer-entry
#   implies: [SS-02]
#   sources: ["Azure Key Vault provider v1.8.2, objectVersionHistory", "secret store extension reference, objectVersionHistory"]
#   variants:
#     mapping:
#       message: "SecretProviderClass {spc} offers {suggestion} and not {source}: only an objectVersionHistory of 2 or more puts a number behind the name"
#       remedy: "Set sourcePath: {suggestion}"
package storewarden.rules.spc_33

import data.storewarden.lib.words

finding contains {
	"code": "SPC-33",
	"entry": e.id,
	"field": concat(".", [e.field, "objectVersionHistory"]),
	"args": {"syncs": words.few(e.misses)},
} if {
	input.subject.kind == "SecretProviderClass"
	some e in input.entries
	e.object.history >= 2
	count(e.misses) > 0
}

finding contains {"code": "SPC-33", "entry": e.id, "field": concat(".", [e.field, "sourcePath"]), "variant": "mapping"} if {
	some e in input.entries
	e.near == "history"
	e.state == "unresolved"
}
