# METADATA
# title: The text that forces a synchronisation is not allowed
# description: |
#   forceSynchronization takes letters, digits and hyphens, with single dots and
#   underscores between them, and begins and ends with a letter or digit. Any new
#   value will do.
# custom:
#   subjects: [SecretSync]
#   severity: deny
#   message: "forceSynchronization \"{force}\" is not allowed: letters, digits and hyphens, a letter or digit first and last"
#   remedy: "Write another text, for example the time: kubectl -n {namespace} patch secretsync {object} --type merge -p '{\"spec\":{\"forceSynchronization\":\"t'$(date +%s)'\"}}'"
#   symptom: The API server refuses the SecretSync with only a regular expression for a reason, and nothing is synced; connections fail with BadCertificateTimeInvalid in the end.
#   sources: ["SecretSync CRD v1alpha1, spec.forceSynchronization"]
package storewarden.rules.ss_34

finding contains {"code": "SS-34", "field": "spec.forceSynchronization", "args": {"force": input.sync.force}} if {
	input.sync.force != ""
	not legal
}

legal if {
	regex.match(`^[A-Za-z0-9]([-A-Za-z0-9]+([-._a-zA-Z0-9]?[A-Za-z0-9])*)?$`, input.sync.force)
	count(input.sync.force) <= 253
}
