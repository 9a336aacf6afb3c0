# METADATA
# title: The certificate has expired
# description: |
#   The connector refuses a certificate after its notAfter, whoever trusts it.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: deny
#   message: "the certificate {subject} expired on {not_after}"
#   remedy: "Renew the certificate, then upload it: az keyvault secret set --vault-name {vault} --name {secret} --file ./{key} --encoding hex --content-type {upload_type}"
#   symptom: BadCertificateTimeInvalid, or BadCertificateIssuerTimeInvalid for a CA; the az CLI says that the certificate in the file is expired.
#   sources: ["OPC 10000-4 6.1.3, validity period", "facts: CLI certs.py"]
package storewarden.rules.x_01

finding contains {"code": "X-01", "entry": c.entry, "certificate": c.id} if {
	some c in input.certificates
	c.not_after < input.now
}
