# METADATA
# title: A CRL is not signed by the CA beside it
# description: |
#   The CRL names the right issuer, but its signature is not of that CA's key:
#   the CA has a new key, or the file was altered. A signature that cannot be
#   checked here is not held against it.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: deny
#   message: "CRL {key} names the issuer {crl_issuer}, but is not signed with the key of the CA in {ca}"
#   remedy: "Get the CRL that belongs to this generation of the CA, or update the certificate in {ca}; check: openssl crl -inform DER -in {key} -noout -CAfile ca.pem (openssl x509 -inform DER -in {ca} -out ca.pem for a .der)"
#   symptom: The CRL is ignored; revocation stays unknown (BadCertificateRevocationUnknown, or BadCertificateIssuerRevocationUnknown, where that is rejected).
#   implies: [X-17]
#   sources: ["Misconfigurations of connector stores, X-16", "UA-.NETStandard, IsRevoked"]
package storewarden.rules.x_16

import data.storewarden.lib.roles

finding contains {"code": "X-16", "entry": l.entry, "crl": l.id} if {
	some l in input.crls
	l.signature == "invalid"
	l.issuer_matches
	l.ca != ""
	l.role in roles.opcua_lists
}
