# METADATA
# title: A source path or target key is not one that a SecretSync takes
# description: |
#   The CRD refuses it with a pattern that says little. Files that OPC UA
#   servers export, such as "Server [0AFB].der", have such names.
# custom:
#   subjects: [SecretSync]
#   severity: deny
#   message: "{what} \"{value}\" is not allowed: at most 253 letters, digits and hyphens, with single dots and underscores between them, and two characters before the first dot"
#   remedy: "Rename it, for example to my-server.der: letters, digits and hyphens only, then one dot and the extension"
#   symptom: The API server refuses the SecretSync, or the projection from Azure fails, with only a regular expression for a reason; the certificate never arrives and connections fail with BadCertificateUntrusted.
#   sources: ["SecretSync CRD v1alpha1, spec.secretObject.data"]
#   variants:
#     named:
#       remedy: "Rename it to {suggested}"
#     empty:
#       message: "{what} is empty"
#       remedy: "Set {what}; sourcePath is the name of an object in the SecretProviderClass (my-server-der), targetKey the name of the file in the store (my-server.der)"
package storewarden.rules.ss_06

import data.storewarden.lib.names

finding contains {
	"code": "SS-06",
	"entry": id,
	"field": concat(".", [input.entries[id].field, what]),
	"variant": variant(value),
	"args": {"what": what, "value": value, "suggested": names.as_key(value)},
} if {
	some id, values in illegal
	some what, value in values
}

illegal[e.id].targetKey := e.key if {
	some e in input.entries
	not names.legal_path(e.key)
}

illegal[e.id].sourcePath := e.source_path if {
	some e in input.entries
	not names.legal_path(e.source_path)
	not names.part_of(e.source_path) # SS-02's or SS-36's
	e.near == "" # else SS-03 or SPC-33 knows what is meant
}

variant("") := "empty"

variant(value) := {true: "named", false: ""}[suggestible(value)] if value != ""

default suggestible(_) := false

suggestible(value) if names.legal_path(names.as_key(value))
