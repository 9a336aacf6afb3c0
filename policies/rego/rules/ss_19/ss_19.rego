# METADATA
# title: The type of the Secret is one that is not written
# description: |
#   The sync controller may write Secrets of a few types only; a token of a
#   service account is refused outright.
# custom:
#   subjects: [SecretSync]
#   severity: deny
#   message: "spec.secretObject.type {type} is none that the sync controller may write"
#   remedy: "Set spec.secretObject.type: Opaque, which is the type of every store of a connector"
#   symptom: The controller's admission policy refuses its own write (ValidatingAdmissionPolicyCheckFailed); the Secret is never made, and connections fail with BadCertificateUntrusted.
#   sources: ["secrets-store-sync-controller v0.0.4, allowed Secret types"]
package storewarden.rules.ss_19

import data.storewarden.lib.types

finding contains {"code": "SS-19", "field": "spec.secretObject.type", "args": {"type": input.sync.secret_type}} if {
	not input.sync.secret_type in types.writable
}
