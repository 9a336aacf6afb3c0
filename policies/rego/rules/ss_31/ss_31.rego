# METADATA
# title: One certificate stands in a list twice
# description: |
#   The same vault secret, or the same certificate, under two keys of one list is
#   trusted twice; removed under one name it stays trusted under the other.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: warn
#   message: "key {key} holds what {twin} holds already"
#   remedy: "Remove {key} or {twin} from this list, whichever name is not wanted"
#   symptom: None until the certificate is to go; then the server that should be refused (BadCertificateUntrusted) still connects.
#   covers: [X-36]
#   sources: ["az iot ops, certs.py: removal by name", "Misconfigurations of connector stores, SS-31, X-36"]
package storewarden.rules.ss_31

import data.storewarden.lib.roles

finding contains {"code": "SS-31", "entry": e.id, "args": {"twin": e.twin}} if {
	some e in input.entries
	e.twin != ""
	e.twin < e.key # said once, of the later name
	e.role in roles.lists
}
