# METADATA
# title: The update removes an object that a SecretSync still maps
# description: |
#   The CLI removes an object without counting who uses it, and a deployment
#   template drops what was added since. The mapping that is left behind makes
#   the sync fail.
# custom:
#   subjects: [SecretProviderClass]
#   operations: [update]
#   severity: deny
#   message: "the update takes away {output}, which SecretSync {sync} still maps to {key}"
#   remedy: "Put the object {name} back (objectName: {name}, objectType: secret, with the objectEncoding it had); or first remove the item with targetKey {key} from spec.secretObject.data of SecretSync {sync}"
#   symptom: The sync reports ProviderError; once the Secret is made anew the certificate is gone, and the connections of that list fail with BadCertificateUntrusted.
#   basis: references
#   sources: ["az iot ops, certs.py: removal without a count of references", "site operations sample, redeployment of a template"]
package storewarden.rules.spc_39

import data.storewarden.lib.names

finding contains {
	"code": "SPC-39",
	"field": "spec.parameters.objects",
	"args": {"name": r.name, "output": r.output, "sync": r.sync, "key": r.key},
} if {
	some r in input.removed
	input.operation == "update"
	not r.output in renumbered
	not disguised
}

# renumbered outputs are there under another path: SPC-33 says it.
renumbered contains e.object.output if {
	some e in input.entries
	e.object.history >= 2
}

# disguised: an object whose name cannot be read may be the one that seems gone.
disguised if {
	some e in input.entries
	e.state == "malformed"
	not names.legal_secret(e.name)
}
