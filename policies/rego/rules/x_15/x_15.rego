# METADATA
# title: A CRL is of another CA than the one beside it
# description: |
#   A CRL belongs to the certificate of the same name (ca.der and ca.crl). Its
#   issuer is not the subject of that certificate, so for that CA it counts as
#   absent.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: deny
#   message: "CRL {key} is issued by {crl_issuer}, not by the CA in {ca}"
#   remedy: "Get the CRL of the CA in {ca} and put it under {key}, or map this CRL beside the CA {crl_issuer}; compare: openssl crl -inform DER -in {key} -noout -issuer"
#   symptom: The CRL is ignored; revocation stays unknown (BadCertificateRevocationUnknown, or BadCertificateIssuerRevocationUnknown, where that is rejected).
#   implies: [X-16, X-17]
#   sources: ["Misconfigurations of connector stores, X-15", "UA-.NETStandard, IsRevoked"]
package storewarden.rules.x_15

import data.storewarden.lib.roles

finding contains {"code": "X-15", "entry": l.entry, "crl": l.id} if {
	some l in input.crls
	l.ca != ""
	not l.issuer_matches
	l.role in roles.opcua_lists
}
