# METADATA
# title: One certificate stands in a list twice
# description: |
#   The same vault secret, or the same certificate, under two keys of one list is
#   trusted twice; removed under one name it stays trusted under the other.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: warn
#   message: "key {key} holds what {twins} holds already"
#   remedy: "Remove {key} or {twins} from this list, whichever name is not wanted"
#   symptom: None until the certificate is to go; then the server that should be refused (BadCertificateUntrusted) still connects.
#   covers: [X-36]
#   sources: ["az iot ops, certs.py: removal by name", "Misconfigurations of connector stores, SS-31, X-36"]
package storewarden.rules.ss_31

import data.storewarden.lib.roles
import data.storewarden.lib.words

finding contains {"code": "SS-31", "entry": e.id, "args": {"twins": words.few(twins)}} if {
	some e in input.entries
	e.twins[0] != ""
	e.role in roles.lists
	of_crl := endswith(lower(e.key), ".crl")
	twins := [t | some t in e.twins; endswith(lower(t), ".crl") == of_crl] # else SS-13 says it
	twins[0] < e.key # said once, of the later name
}
