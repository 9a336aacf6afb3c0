# METADATA
# title: A certificate has no subject or no issuer
# description: |
#   A certificate of a store for OPC UA is found, and its chain is built, by these
#   names. One that is empty cannot be suppressed by any setting.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: deny
#   message: "the certificate in {key} has an empty {names} name"
#   remedy: "Issue the certificate again with a common name and an organization, and upload it: az keyvault secret set --vault-name {vault} --name {secret} {upload}"
#   symptom: BadCertificateInvalid, which no setting suppresses.
#   sources: ["UA-.NETStandard, check of names", "OPC 10000-6 6.2.2, subject"]
package storewarden.rules.x_32

import data.storewarden.lib.roles
import data.storewarden.lib.upload

finding contains nameless(c) if {
	some c in input.certificates
	c.subject == ""
	c.role in roles.opcua
}

finding contains nameless(c) if {
	some c in input.certificates
	c.issuer == ""
	c.role in roles.opcua
}

nameless(c) := {
	"code": "X-32", "entry": c.entry, "certificate": c.id,
	"args": {"names": concat(" and ", names), "upload": upload.options[c.entry]},
} if {
	names := [name | some name in ["subject", "issuer"]; c[name] == ""]
}
