# METADATA
# title: The mark of the sync controller is taken away
# description: |
#   The controller updates a Secret only if it bears the controller's label and is
#   owned by its SecretSync. Without them every later update is refused, in
#   silence for whoever looks at the Secret.
# custom:
#   subjects: [Secret]
#   operations: [update]
#   severity: deny
#   message: "the change takes away {marks}, without which SecretSync {object} can update the Secret no more"
#   remedy: "Leave {marks} as it is; if it is gone already, delete the Secret so that it is made anew: kubectl -n {namespace} delete secret {object}"
#   symptom: The controller's admission policy refuses its updates; renewed certificates never arrive, and connections fail with BadCertificateTimeInvalid in the end.
#   sources: ["secrets-store-sync-controller v0.0.4, admission policies on label and owner"]
package storewarden.rules.sec_05

finding contains {"code": "SEC-05", "field": "metadata", "args": {"marks": concat(" and ", lost)}} if {
	input.operation == "update"
	not input.secret.orphan # without a SecretSync nobody updates it anyway
	lost := array.concat(
		["the label secrets-store.sync.x-k8s.io" | input.secret.lost_label],
		["the reference to its owner" | input.secret.lost_owner],
	)
	count(lost) > 0
}
