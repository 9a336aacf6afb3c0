# METADATA
# title: An RSA key is shorter than the connector accepts
# description: |
#   The connector for OPC UA refuses RSA keys below minimumCertificateKeySize, in
#   a server's certificate and in every CA of its chain.
# custom:
#   subjects: [SecretSync, Secret, Certificate]
#   severity: deny
#   message: "the certificate {subject} has an RSA key of {key_bits} bits: the connector accepts {least} and more"
#   remedy: "Issue the certificate with a longer key (openssl req -newkey rsa:{least}), then upload it: az keyvault secret set --vault-name {vault} --name {secret} {upload}; only if the server cannot: az k8s-extension update -g RESOURCE-GROUP -c CLUSTER --cluster-type connectedClusters -n EXTENSION --config connectors.values.securityPki.minimumCertificateKeySize={key_bits}"
#   symptom: BadCertificatePolicyCheckFailed, minimum key length; the server sees BadSecurityChecksFailed.
#   sources: ["AIO documentation, security settings of the connector for OPC UA: minimumCertificateKeySize", "OPC 10000-7, security policies"]
#   variants:
#     requested:
#       message: "Certificate {object} asks for an RSA key of {bits} bits: the connector accepts {least} and more"
#       remedy: "Set spec.privateKey.size to {least} or more"
package storewarden.rules.x_21

import data.storewarden.lib.roles
import data.storewarden.lib.upload

finding contains {
	"code": "X-21", "entry": c.entry, "certificate": c.id,
	"args": {"least": data.config.minimum_certificate_key_size, "upload": upload.options[c.entry]},
} if {
	some c in input.certificates
	c.key_bits < data.config.minimum_certificate_key_size
	c.key_bits > 0 # 0 is not known
	c.key_algorithm in {"RSA", "RSA-PSS"}
	c.role in roles.opcua
}

finding contains {
	"code": "X-21", "field": "spec.privateKey.size", "variant": "requested",
	"args": {"bits": input.issuance.key_bits, "least": data.config.minimum_certificate_key_size},
} if {
	input.issuance.own
	input.issuance.key_algorithm == "RSA"
	input.issuance.key_bits < data.config.minimum_certificate_key_size
}
