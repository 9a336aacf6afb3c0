# METADATA
# title: A server cannot follow the chain of the connector's own certificate
# description: |
#   A certificate that a CA issued is sent to servers with its chain, which the
#   connector finds in its lists. Where the CA is in neither, or where
#   sendCertificateChain is off, every server must have the CAs itself.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: warn
#   message: "the connector's own certificate {subject} was issued by {issuer}, which is in neither list, so it is sent without its chain"
#   remedy: "Add every CA up to the root, with its CRL: az iot ops connector opcua issuer add --instance INSTANCE -g GROUP --certificate-file ./ca.der, then the same with ./ca.crl"
#   symptom: Servers answer BadCertificateChainIncomplete or BadSecurityChecksFailed.
#   basis: peer
#   sources: ["Azure IoT Operations documentation, own certificate issued by a CA", "AIO securityPki setting sendCertificateChain"]
#   variants:
#     unsent:
#       message: "the connector's own certificate {subject} was issued by {issuer}, and sendCertificateChain is off: servers must have the CAs themselves"
#       remedy: "Install the CAs at every server, or send the chain: az k8s-extension update -g RESOURCE-GROUP -c CLUSTER --cluster-type connectedClusters -n EXTENSION --config connectors.values.securityPki.sendCertificateChain=true, and set connector.sendCertificateChain in Storewarden's configuration"
package storewarden.rules.cl_07

finding contains {"code": "CL-07", "entry": c.entry, "certificate": c.id} if {
	some c in input.certificates
	c.role == "opcua-client"
	c.issuer_state == "absent"
	data.config.send_certificate_chain
}

finding contains {"code": "CL-07", "entry": c.entry, "certificate": c.id, "variant": "unsent"} if {
	some c in input.certificates
	c.role == "opcua-client"
	not c.self_issued
	not data.config.send_certificate_chain
}
