# METADATA
# title: A certificate is made with little care
# description: |
#   A validity beyond thirty years outlives what its key is safe for, an RSA
#   exponent below 65537 is against all advice, and a wildcard stands for machines
#   that nobody has in mind. None of it breaks a connection.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: info
#   message: "the certificate {subject} is valid until {not_after}, for more than thirty years"
#   remedy: "Nothing needs to be done; when the certificate is renewed, issue it for a few years, with the exponent 65537 and the full names of its machine, and upload it: az keyvault secret set --vault-name {vault} --name {secret} {upload}"
#   symptom: None.
#   sources: ["NIST SP 800-57 part 1, cryptoperiods", "NIST SP 800-56B, public exponent"]
#   variants:
#     exponent:
#       message: "the RSA key of the certificate {subject} has the exponent {exponent}, where 65537 is usual"
#     wildcard:
#       message: "the certificate {subject} is for any machine of {wildcards}"
package storewarden.rules.x_37

import data.storewarden.lib.upload
import data.storewarden.lib.words

finding contains {"code": "X-37", "entry": c.entry, "certificate": c.id, "args": {"upload": upload.options[c.entry]}} if {
	some c in input.certificates
	c.valid_days > 10980 # thirty years
}

finding contains {
	"code": "X-37", "entry": c.entry, "certificate": c.id, "variant": "exponent",
	"args": {"exponent": c.rsa_exponent, "upload": upload.options[c.entry]},
} if {
	some c in input.certificates
	c.rsa_exponent < 65537
	c.rsa_exponent > 0 # 0 is no RSA key
}

finding contains {
	"code": "X-37", "entry": c.entry, "certificate": c.id, "variant": "wildcard",
	"args": {"wildcards": words.few(c.wildcards), "upload": upload.options[c.entry]},
} if {
	some c in input.certificates
	count(c.wildcards) > 0
}
