# METADATA
# title: An ECC certificate meets a security policy of RSA
# description: |
#   Basic256Sha256, Aes128_Sha256_RsaOaep and Aes256_Sha256_RsaPss need RSA keys on
#   both sides; a certificate with an elliptic curve key needs one of the ECC
#   policies there.
# custom:
#   subjects: [Device, SecretSync, Secret]
#   operations: [create, update, audit]
#   severity: {observe: info, standard: info, strict: warn}
#   message: "endpoint {endpoint} demands the security policy {policy}, but its server's certificate has an elliptic curve key"
#   remedy: "Set security.securityPolicy in additionalConfiguration to a policy that the server offers for its key, or give the server an RSA certificate of 2048 bits or more and trust that"
#   symptom: BadSecurityPolicyRejected, BadCertificatePolicyCheckFailed or BadSecurityChecksFailed.
#   sources: ["OPC 10000-7, security policies", "Azure IoT Operations documentation, additionalConfiguration of OPC UA endpoints"]
#   variants:
#     own:
#       message: "the connector's own certificate {subject} has an elliptic curve key, which the security policies of RSA cannot use"
#       remedy: "Unless every server offers an ECC policy, use an RSA key of 2048 bits or more: az iot ops connector opcua client add --instance INSTANCE -g RESOURCE-GROUP --public-key-file app.der --private-key-file app.pem --subject-name NAME --application-uri URI"
package storewarden.rules.x_24

finding contains {
	"code": "X-24", "severity": "warn", "field": concat("", [e.field, ".additionalConfiguration"]),
	"args": {"endpoint": e.name, "policy": e.security_policy},
} if {
	some e in input.endpoints
	regex.match(`(?i)(basic|aes)`, e.security_policy)
	{k | some k in e.server_keys} == {"ECDSA"}
}

finding contains {"code": "X-24", "entry": c.entry, "certificate": c.id, "variant": "own"} if {
	some c in input.certificates
	c.role == "opcua-client"
	c.key_algorithm == "ECDSA"
}
