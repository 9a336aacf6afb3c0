# METADATA
# title: The certificate is not valid yet
# description: |
#   A certificate is refused before its notBefore. Up to a day ahead is a matter
#   of clocks or of a planned change and warns; beyond that it denies.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: deny
#   message: "the certificate {subject} is not valid before {not_before}"
#   remedy: "Check the clock of the machine that issued it; then issue it again, or wait until it is valid, and upload it: az keyvault secret set --vault-name {vault} --name {secret} {upload}"
#   symptom: BadCertificateTimeInvalid, or BadCertificateIssuerTimeInvalid for a CA, until that moment.
#   sources: ["OPC 10000-4 6.1.3, validity period", "Misconfigurations of connector stores, X-02", "the az CLI does not check it"]
#   variants:
#     soon:
#       message: "the certificate {subject} is not valid before {not_before}, less than a day from now"
#       remedy: "Wait until then, or check the clocks of this cluster and of the machine that issued the certificate"
package storewarden.rules.x_02

import data.storewarden.lib.upload

day := 86400

finding contains {"code": "X-02", "entry": c.entry, "certificate": c.id, "args": {"upload": upload.options[c.entry]}} if {
	some c in input.certificates
	c.not_before > input.now
	c.not_before - input.now > day
	c.role != ""
}

finding contains {"code": "X-02", "entry": c.entry, "certificate": c.id, "severity": "warn", "variant": "soon"} if {
	some c in input.certificates
	c.not_before > input.now
	c.not_before - input.now <= day
	c.role != ""
}
