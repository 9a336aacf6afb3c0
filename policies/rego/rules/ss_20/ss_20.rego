# METADATA
# title: The update changes the type of the Secret
# description: |
#   A Secret keeps the type that it was made with; a SecretSync that asks for
#   another can no longer update it.
# custom:
#   subjects: [SecretSync]
#   operations: [update]
#   severity: deny
#   message: "the update changes spec.secretObject.type from {old} to {new}, but a Secret that exists keeps its type"
#   remedy: "Delete the SecretSync, whose Secret goes with it, and apply it with the new type: kubectl -n {namespace} delete secretsync {object}; until the next sync the connectors do without this store"
#   symptom: The API server or the controller's own policy refuses every later update; renewed certificates never arrive, and connections fail with BadCertificateTimeInvalid in the end.
#   sources: ["Azure documentation, secret store extension 0.10.0", "Kubernetes API, the type of a Secret"]
package storewarden.rules.ss_20

import data.storewarden.lib.roles
import data.storewarden.lib.types

finding contains {"code": "SS-20", "field": "spec.secretObject.type", "args": {"old": old, "new": new}} if {
	old := named(input.sync.old_type)
	new := named(input.sync.secret_type)
	old != new
	input.operation == "update"
	new in types.writable # else SS-19 says what it must be
	not unsuited
}

named("") := "Opaque"

named(type) := type if type != ""

# unsuited: SS-18 says what the type must be.
unsuited if {
	input.sync.secret_type == types.tls
	input.store.role in roles.stores
}

unsuited if {
	input.sync.secret_type == types.tls
	some e in input.entries
	not e.key in {"tls.crt", "tls.key"}
}
