# METADATA
# title: A trusted certificate was issued by a CA that is in neither list
# description: |
#   To trust a certificate is not enough where a CA issued it: the connector follows
#   the chain up to a root CA, and needs every CA of it in one of the lists.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: warn
#   message: "the certificate {subject} was issued by {issuer}, which is in neither list"
#   remedy: "Add every CA up to the root to the issuer list: az iot ops connector opcua issuer add --instance INSTANCE -g GROUP --certificate-file ./ca.der; openssl x509 -in ./ca.der -inform DER -noout -subject must print the name of the issuer"
#   symptom: BadCertificateChainIncomplete, although the certificate itself is trusted.
#   basis: peer
#   sources: ["OPC 10000-12 7.8.2.6: a certificate that a CA issued comes with its chain", "UA-.NETStandard, Docs/Certificates.md"]
package storewarden.rules.x_10

finding contains {
	"code": "X-10", "entry": c.entry, "certificate": c.id,
	"args": {},
} if {
	some c in input.certificates
	c.role == "opcua-trust"
	c.issuer_state == "absent"
	c.end_entity
}
