# METADATA
# title: A certificate is signed with SHA-1 or MD5
# description: |
#   The connector for OPC UA refuses such application certificates while
#   rejectSha1SignedCertificates is true, which is its default. The signature on
#   a CA certificate is not judged here: nobody relies on that of a root.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: deny
#   message: "the certificate {subject} is signed with {signature_hash}, which the connector rejects"
#   remedy: "Issue the certificate again with SHA-256 (openssl x509 -req -sha256), then upload it: az keyvault secret set --vault-name {vault} --name {secret} {upload}; only if the server cannot: az k8s-extension update -g RESOURCE-GROUP -c CLUSTER --cluster-type connectedClusters -n EXTENSION --config connectors.values.securityPki.rejectSha1SignedCertificates=false"
#   symptom: BadCertificatePolicyCheckFailed, SHA1 signed certificates are not trusted; the server sees BadSecurityChecksFailed.
#   sources: ["AIO documentation, security settings of the connector for OPC UA: rejectSha1SignedCertificates", "Misconfigurations of connector stores, X-23"]
package storewarden.rules.x_23

import data.storewarden.lib.roles
import data.storewarden.lib.upload

finding contains {
	"code": "X-23", "entry": c.entry, "certificate": c.id,
	"args": {"upload": upload.options[c.entry]},
} if {
	data.config.reject_sha1_signed_certificates
	some c in input.certificates
	c.signature_hash in {"SHA1", "MD5", "MD2"}
	c.role in roles.opcua
	not c.id in authorities
}

# authorities are CA certificates that are not also an application's own.
authorities contains c.id if {
	some c in input.certificates
	not c.end_entity
}
