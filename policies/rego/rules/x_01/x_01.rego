# METADATA
# title: The certificate has expired
# description: |
#   A certificate is refused after its notAfter, whoever trusts it.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: deny
#   message: "the certificate {subject} expired on {not_after}"
#   remedy: "Renew the certificate, then upload it: az keyvault secret set --vault-name {vault} --name {secret} {upload}"
#   symptom: BadCertificateTimeInvalid, or BadCertificateIssuerTimeInvalid for a CA; the az CLI says that the certificate in the file is expired.
#   sources: ["OPC 10000-4 6.1.3, validity period", "az iot ops connector opcua: certs.py"]
package storewarden.rules.x_01

import data.storewarden.lib.upload

finding contains {"code": "X-01", "entry": c.entry, "certificate": c.id, "args": {"upload": upload.options[c.entry]}} if {
	some c in input.certificates
	c.not_after < input.now
	c.not_after != 0 # X-33 says that it cannot be read
	c.role != ""
}
