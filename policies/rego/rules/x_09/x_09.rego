# METADATA
# title: A chain of CAs has a gap
# description: |
#   A chain is followed up to a root CA that signed itself. The CA that issued this
#   one is in neither list.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: warn
#   message: "the CA {subject} was issued by {issuer}, which is in neither list"
#   remedy: "Add the CA {issuer}: az iot ops connector opcua issuer add --instance INSTANCE -g GROUP --certificate-file ./ca.der, or opcua trust add where it is to be trusted; openssl x509 -in ./ca.der -inform DER -noout -subject must print that name"
#   symptom: BadCertificateChainIncomplete; other stacks say BadSecurityChecksFailed.
#   basis: peer
#   sources: ["OPC 10000-4 6.1.3, build certificate chain", "Azure/Industrial-IoT issue 647", "open62541 issue 7005"]
package storewarden.rules.x_09

import data.storewarden.lib.roles

finding contains {
	"code": "X-09", "entry": c.entry, "certificate": c.id,
	"args": {},
} if {
	some c in input.certificates
	not c.end_entity
	c.issuer_state == "absent"
	c.role in roles.opcua_lists
}
