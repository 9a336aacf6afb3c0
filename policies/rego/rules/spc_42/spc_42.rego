# METADATA
# title: Objects are used by no SecretSync
# description: |
#   Each object costs a call to the vault at every poll, and with the upstream
#   provider any one that fails stops all the others. Where no SecretSync at all
#   uses the class, pods may mount it, and nothing is said; nor of plain text,
#   which pods beside the connectors may want.
# custom:
#   subjects: [SecretProviderClass]
#   severity: info
#   message: "no SecretSync maps {outputs}"
#   remedy: "Remove what is not needed from the SecretProviderClass, or map it in a SecretSync: sourcePath: {first}"
#   symptom: None by itself; should its secret go, upstream every other object fails with it, and connections fail with BadCertificateTimeInvalid in the end.
#   sources: ["Misconfigurations of connector stores, SPC-42"]
package storewarden.rules.spc_42

import data.storewarden.lib.words

finding contains {"code": "SPC-42", "field": "spec.parameters.objects", "args": {"outputs": words.few(unused), "first": min(unused)}} if {
	count(input.spc.used_by) > 0
	not input.spc.missed # else it may be what a SecretSync means
	count(unused) > 0
}

unused contains e.object.output if {
	some e in input.entries
	e.used_by == []
	e.state != "malformed"
	lower(e.object.encoding) in {"hex", "base64"} # a file
	e.object.same_output == 1
}
