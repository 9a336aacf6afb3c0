# METADATA
# title: A CA above a certificate does not allow it
# description: |
#   The path length of a CA bounds how many CAs may stand below it, its name
#   constraints bound the names. A constraint on URIs refuses every urn: that OPC
#   UA applications are named with.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: warn
#   message: "the CA {subject} stands deeper below the CA in {above} than that one's path length allows"
#   remedy: "Have it issued by a CA that allows it, or the CA in {above} issued again without the limit (basicConstraints pathlen, nameConstraints), and upload it: az keyvault secret set --vault-name {vault} --name {secret} {upload}"
#   symptom: BadCertificateInvalid or BadCertificateChainIncomplete from stacks that check the limits; the server sees BadSecurityChecksFailed.
#   basis: neighbour
#   sources: ["Misconfigurations of connector stores, X-07", "RFC 5280 4.2.1.9 and 4.2.1.10"]
#   variants:
#     names:
#       message: "the certificate {subject} has a name for which the CA in {above} may not vouch"
package storewarden.rules.x_07

import data.storewarden.lib.upload

finding contains {
	"code": "X-07", "entry": c.entry, "certificate": c.id,
	"args": {"above": c.too_long_for, "upload": upload.options[c.entry]},
} if {
	some c in input.certificates
	c.too_long_for != ""
}

finding contains {
	"code": "X-07", "entry": c.entry, "certificate": c.id, "variant": "names",
	"args": {"above": c.misnamed_for, "upload": upload.options[c.entry]},
} if {
	some c in input.certificates
	c.misnamed_for != ""
}
