# METADATA
# title: The listed CA did not sign a certificate that names it
# description: |
#   The list holds a CA of the issuer's name, and nothing says that it is another
#   generation; its key did not sign this certificate. Either of the two was altered,
#   or the CA has a new key and writes no key identifiers. A signature that cannot be
#   checked here is not held against it.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: deny
#   message: "the certificate {subject} names the issuer {issuer}, but is not signed with the key of the CA in {listed}"
#   remedy: "Compare with what the CA's operator publishes, add the CA that did sign it (az iot ops connector opcua issuer add --instance INSTANCE -g GROUP --certificate-file ./ca.der), or have the certificate issued again and upload it: az keyvault secret set --vault-name {vault} --name {secret} {upload}; openssl verify -partial_chain -trusted ca.pem cert.pem must say OK"
#   symptom: BadCertificateInvalid; no setting suppresses it.
#   basis: peer-entry
#   sources: ["UA-.NETStandard, check of the chain's signatures", "OPC 10000-4 6.1.3, signature"]
package storewarden.rules.x_12

import data.storewarden.lib.upload

finding contains {
	"code": "X-12", "entry": c.entry, "certificate": c.id,
	"args": {"listed": c.issuer_key, "upload": upload.options[c.entry]},
} if {
	some c in input.certificates
	c.issuer_state == "invalid"
}
