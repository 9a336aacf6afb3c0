# METADATA
# title: A TLS trust list holds a certificate that vouches for nothing
# description: |
#   A TLS trust list holds the CAs that issued the servers' certificates, or
#   certificates that servers signed themselves. One that a CA issued, and that is
#   no CA, does not complete a chain.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: warn
#   message: "the certificate {subject} in the TLS trust list is no CA, and {issuer} issued it: TLS wants that CA"
#   remedy: "Put the CA {issuer} there instead, in PEM: az keyvault secret set --vault-name {vault} --name {secret} --file ./ca.crt --encoding hex --content-type application/x-pem-file"
#   symptom: "TLS: unknown authority; the connector reports RestConnectorHttpClientCreationFailure or SseConnectorStreamError."
#   sources: ["Akri connector contract: trust bundle", "Azure IoT Operations documentation, health codes of connectors"]
package storewarden.rules.x_38

finding contains {"code": "X-38", "entry": c.entry, "certificate": c.id} if {
	some c in input.certificates
	not c.ca
	not c.self_issued
	c.role == "tls-trust"
}
