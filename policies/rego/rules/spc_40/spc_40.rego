# METADATA
# title: The SecretProviderClass is deleted though SecretSyncs refer to it
# description: |
#   Without its class a SecretSync can fetch nothing more.
# custom:
#   subjects: [SecretProviderClass]
#   operations: [delete]
#   severity: deny
#   message: "SecretProviderClass {object} is deleted while SecretSync {syncs} refers to it"
#   remedy: "Set spec.secretProviderClassName of SecretSync {syncs} to another SecretProviderClass first, or delete the SecretSync if its store is no longer needed; kubectl -n {namespace} get secretsync shows what is there"
#   symptom: SecretSyncs report SecretProviderClassMisconfigured or ControllerSpcError; renewals no longer arrive, and connections fail with BadCertificateTimeInvalid in the end.
#   basis: references
#   sources: ["secrets-store-sync-controller v0.0.4, reasons of a SecretSync"]
package storewarden.rules.spc_40

import data.storewarden.lib.words

finding contains {"code": "SPC-40", "field": "metadata.name", "args": {"syncs": words.few(input.spc.used_by)}} if {
	input.operation == "delete"
	count(input.spc.used_by) > 0
}
