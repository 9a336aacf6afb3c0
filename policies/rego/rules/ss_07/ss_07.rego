# METADATA
# title: A SecretSync maps nothing
# description: |
#   It needs one mapping at least. The API server refuses an empty list, and Azure
#   does too.
# custom:
#   subjects: [SecretSync]
#   severity: deny
#   message: "the SecretSync maps nothing: spec.secretObject.data is empty"
#   remedy: "Map a secret: sourcePath my-server-der, targetKey my-server.der; or, if the store is no longer needed, delete the SecretSync: kubectl -n {namespace} delete secretsync {object}"
#   symptom: The API server refuses the SecretSync, or the projection from Azure fails; the store keeps what it held, and connections fail with BadCertificateTimeInvalid in the end.
#   sources: ["SecretSync CRD v1alpha1, spec.secretObject.data: at least one item"]
package storewarden.rules.ss_07

finding contains {"code": "SS-07", "field": "spec.secretObject.data"} if {
	count(input.entries) == 0
}
