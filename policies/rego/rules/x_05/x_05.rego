# METADATA
# title: A CA certificate in the issuer list is of an old X.509 version
# description: |
#   Only version 3 has the extension that says a certificate is a CA, and the
#   connector takes no certificate without it for an issuer. The az CLI lets
#   versions 1 and 2 through.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: deny
#   message: "the certificate {subject} is X.509 version {x509}, which cannot say that it is a CA: the connector never uses it as an issuer"
#   remedy: "Issue the CA certificate again as version 3 with basicConstraints CA:TRUE (openssl x509 -req -extfile with basicConstraints=critical,CA:TRUE), then upload it: az keyvault secret set --vault-name {vault} --name {secret} {upload}"
#   symptom: It is ignored, and connections fail with BadCertificateChainIncomplete.
#   implies: [X-21, X-23]
#   sources: ["Misconfigurations of connector stores, X-05", "az CLI certs.py and UA-.NETStandard"]
package storewarden.rules.x_05

import data.storewarden.lib.upload

finding contains {
	"code": "X-05", "entry": c.entry, "certificate": c.id,
	"args": {"x509": c.version, "upload": upload.options[c.entry]},
} if {
	some c in input.certificates
	c.role == "opcua-issuer"
	lower(input.entries[c.entry].ext) != ".crl" # SS-13 or SEC-07 tells it
	c.version in {1, 2}
}
