# METADATA
# title: The certificate expires soon
# description: |
#   Connections fail from the moment it expires, and a plant needs time to renew
#   a certificate. How long before it warns is set in the configuration.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: warn
#   message: "the certificate {subject} expires on {not_after}, within the {days} days of notice"
#   remedy: "Renew the certificate in time, then upload it: az keyvault secret set --vault-name {vault} --name {secret} {upload}"
#   symptom: BadCertificateTimeInvalid, or BadCertificateIssuerTimeInvalid for a CA, from that moment.
#   sources: ["Misconfigurations of connector stores, X-03"]
package storewarden.rules.x_03

import data.storewarden.lib.upload

finding contains {
	"code": "X-03", "entry": c.entry, "certificate": c.id,
	"args": {"days": data.config.expiry_warning_days, "upload": upload.options[c.entry]},
} if {
	some c in input.certificates
	c.not_after <= horizon
	c.not_after >= input.now
	c.role != ""
}

horizon := input.now + (data.config.expiry_warning_days * 86400)
