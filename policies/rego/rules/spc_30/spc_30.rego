# METADATA
# title: Two objects have the same output
# description: |
#   Each object is offered under its alias, else under its name. Of two with the
#   same one the provider keeps whichever it writes last.
# custom:
#   subjects: [SecretProviderClass]
#   severity: deny
#   message: "{count} objects are offered as {output}: one overwrites the other, and which one is left to chance"
#   remedy: "Delete the object that is not meant, or give each an objectAlias of its own and use that as sourcePath in the SecretSync"
#   symptom: One of the certificates never reaches the Secret, and connections that need it fail with BadCertificateUntrusted.
#   sources: ["Azure Key Vault provider v1.8.2, files written by name"]
package storewarden.rules.spc_30

finding contains {
	"code": "SPC-30",
	"entry": e.id,
	"field": concat(".", [e.field, named_by]),
	"args": {"count": e.object.same_output},
} if {
	some e in input.entries
	e.object.same_output > 1
	e.trouble == ""
	e.state != "malformed"
	named_by := {true: "objectName", false: "objectAlias"}[e.object.alias == ""]
}
