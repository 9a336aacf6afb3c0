# METADATA
# title: A label or annotation for the Secret is not allowed
# description: |
#   Those of the sync controller are its own, and both are mappings of a name to a
#   text; an example in the documentation shows lists.
# custom:
#   subjects: [SecretSync]
#   severity: deny
#   message: "{field} has {key}, which only the sync controller may set"
#   remedy: "Remove the line {key} from {field}; the sync controller sets its label by itself"
#   symptom: The API server refuses the SecretSync, or the sync reports InvalidClusterSecretLabelError or InvalidClusterSecretAnnotationError; nothing is synced, and connections fail with BadCertificateTimeInvalid in the end.
#   sources: ["SecretSync CRD v1alpha1, labels and annotations", "secrets-store-sync-controller v0.0.4, reasons of a SecretSync"]
#   variants:
#     shape:
#       message: "{field} must be a mapping of names to texts"
#       remedy: "Write each as a line \"name: text\" below {field}, without a hyphen before it"
package storewarden.rules.ss_35

finding contains {"code": "SS-35", "field": concat("", [m.field, "[", m.key, "]"]), "args": {"field": m.field, "key": m.key}} if {
	some m in input.sync.marks
	m.key != ""
}

finding contains {"code": "SS-35", "field": m.field, "variant": "shape", "args": {"field": m.field}} if {
	some m in input.sync.marks
	m.key == ""
}
