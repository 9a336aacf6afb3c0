# METADATA
# title: An RSA key has a length that no security policy names
# description: |
#   The security policies of OPC UA take RSA keys of 2048, 3072 and 4096 bits.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: warn
#   message: "the certificate {subject} has an RSA key of {key_bits} bits, where 2048, 3072 or 4096 are usual"
#   remedy: "Issue the certificate with a key of 2048, 3072 or 4096 bits (openssl req -newkey rsa:3072), and upload it: az keyvault secret set --vault-name {vault} --name {secret} {upload}"
#   symptom: BadCertificatePolicyCheckFailed, or BadSecurityChecksFailed from the other side.
#   sources: ["OPC 10000-7, Basic256Sha256, Aes128-Sha256-RsaOaep, Aes256-Sha256-RsaPss: key lengths", "OPC 10000-12, RsaSha256ApplicationCertificateType"]
package storewarden.rules.x_22

import data.storewarden.lib.roles
import data.storewarden.lib.upload

finding contains {"code": "X-22", "entry": c.entry, "certificate": c.id, "args": {"upload": upload.options[c.entry]}} if {
	some c in input.certificates
	not c.key_bits in {2048, 3072, 4096}
	c.key_algorithm in {"RSA", "RSA-PSS"}
	c.key_bits > 2048 # what is shorter is X-21's
	c.role in roles.opcua
}
