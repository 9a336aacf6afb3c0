# METADATA
# title: A target key has a slash
# description: |
#   The definition of a SecretSync allows a slash and a number behind a target key
#   as it does behind a sourcePath; a Secret takes no such key.
# custom:
#   subjects: [SecretSync]
#   severity: deny
#   message: "targetKey {key} has a slash, which no key of a Secret may have"
#   remedy: "Rename the target key to {renamed}; a number behind a slash belongs in sourcePath alone"
#   symptom: The sync reports ControllerPatchError and writes nothing; connections fail with BadCertificateUntrusted.
#   implies: [SS-06, SS-08, SS-09, KV-18]
#   sources: ["SecretSync CRD v1alpha1, pattern of targetKey", "Kubernetes API, keys of a Secret"]
package storewarden.rules.ss_05

import data.storewarden.lib.names

finding contains {
	"code": "SS-05",
	"entry": e.id,
	"field": concat(".", [e.field, "targetKey"]),
	"args": {"renamed": names.as_key(split(e.key, "/")[0])},
} if {
	some e in input.entries
	contains(e.key, "/")
}
