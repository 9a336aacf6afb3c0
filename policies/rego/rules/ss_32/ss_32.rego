# METADATA
# title: A certificate stands in both lists
# description: |
#   A CA in the trust list needs no second place in the issuer list. Its
#   revocation list is looked for beside the one that is found first, which is
#   that of the trust list.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: info
#   message: "the certificate {subject} is in the trust list too, as {elsewhere}"
#   remedy: "Keep it in the trust list, with its CRL beside it under the same name, and remove {key} from the issuer list"
#   symptom: None by itself; a CRL in the issuer list alone is not found, and a revocation stays unknown (BadCertificateRevocationUnknown).
#   sources: ["UA-.NETStandard, CertificateValidator: the trusted store is searched first"]
package storewarden.rules.ss_32

import data.storewarden.lib.words

finding contains {"code": "SS-32", "entry": c.entry, "certificate": c.id, "args": {"elsewhere": words.few(c.elsewhere)}} if {
	some c in input.certificates
	c.role == "opcua-issuer"
	c.elsewhere[0] != ""
}
