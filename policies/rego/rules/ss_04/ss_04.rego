# METADATA
# title: Two mappings go to one key
# description: |
#   A Secret has each key once. The API server refuses the SecretSync; in a
#   repository it waits until somebody applies it.
# custom:
#   subjects: [SecretSync]
#   severity: deny
#   message: "{count} mappings go to key {key}, of which a Secret has one"
#   remedy: "Keep the mapping to {key} that is meant, and give the other a target key of its own or remove it"
#   symptom: The API server refuses the SecretSync as a duplicate value, or the projection from Azure fails; what it was to add never arrives, and connections fail with BadCertificateUntrusted.
#   sources: ["SecretSync CRD v1alpha1, spec.secretObject.data: a list-map by targetKey"]
package storewarden.rules.ss_04

finding contains {
	"code": "SS-04",
	"entry": e.id,
	"field": concat(".", [e.field, "targetKey"]),
	"args": {"count": e.same_key},
} if {
	some e in input.entries
	e.same_key > 1
	e.key != "" # else SS-06 says it
}
