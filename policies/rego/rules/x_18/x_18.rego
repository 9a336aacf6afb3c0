# METADATA
# title: A certificate is revoked by a CRL that is there
# description: |
#   A CRL of the connector's lists names this certificate, so every connection
#   that needs it is refused; no setting suppresses that. The CRL is right and
#   goes through: the certificate must go. Where the CRL is judged and the
#   certificate lies in another list, the CRL's own entry is warned of.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: deny
#   basis: neighbour
#   message: "the certificate {subject} is revoked by {crls}"
#   remedy: "Replace the certificate with a new one of the same server: az keyvault secret set --vault-name {vault} --name {secret} {upload}; or remove {key} from the {store}"
#   symptom: BadCertificateRevoked, or BadCertificateIssuerRevoked for a CA.
#   sources: ["Misconfigurations of connector stores, X-18; revoked is always an error", "OPC 10000-4 6.1.3, revocation check"]
#   variants:
#     crl:
#       message: "CRL {key} of {crl_issuer} revokes what is still listed elsewhere: {certificates}"
#       remedy: "Leave the CRL as it is; replace or remove {certificates}"
package storewarden.rules.x_18

import data.storewarden.lib.upload
import data.storewarden.lib.words

finding contains {
	"code": "X-18", "entry": c.entry, "certificate": c.id,
	"args": {"crls": words.few(c.revoked_by), "upload": upload.options[c.entry]},
} if {
	some c in input.certificates
	count(c.revoked_by) > 0
}

finding contains {
	"code": "X-18", "entry": l.entry, "crl": l.id, "severity": "warn", "variant": "crl",
	"args": {"certificates": words.few(elsewhere)},
} if {
	some l in input.crls
	l.role == "opcua-issuer"
	own := sprintf("%s/", [input.subject.name])
	elsewhere := [c | some c in l.revokes; not startswith(c, own)]
	count(elsewhere) > 0
}
