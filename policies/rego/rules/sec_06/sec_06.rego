# METADATA
# title: A key is in the Secret that no SecretSync maps
# description: |
#   A key patched in by hand survives every sync, as the documentation says for a
#   CRL of the trust list; but it is lost when the Secret is made anew, and
#   neither Azure nor the vault knows of it.
# custom:
#   subjects: [Secret]
#   severity: info
#   message: "key {key} is not mapped by SecretSync {object}: it is lost when the Secret is made anew"
#   remedy: "Keep its file where it can be put back from, or map a vault secret to {key} in SecretSync {object}"
#   symptom: After the Secret was made anew the certificate is not trusted (BadCertificateUntrusted), or a revocation is unknown (BadCertificateRevocationUnknown).
#   sources: ["Azure IoT Operations documentation, CRLs in the trust list by kubectl patch"]
package storewarden.rules.sec_06

finding contains {"code": "SEC-06", "entry": e.id} if {
	input.secret.managed
	input.secret.synced
	some e in input.entries
	not e.mapped
}
