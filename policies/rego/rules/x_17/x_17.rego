# METADATA
# title: A CRL is out of date
# description: |
#   A CRL counts from its thisUpdate to its nextUpdate; outside of that its CA
#   has none, although what it revokes stays revoked. Whether an unknown
#   revocation status breaks the connection is the connector's setting
#   rejectUnknownRevocationStatus, and this rule denies where that is on.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: warn
#   message: "CRL {key} of {crl_issuer} was due to be replaced by {next_update}"
#   remedy: "Get the CA's current CRL, then upload it: openssl crl -in ca.crl.pem -outform DER -out {key}; az keyvault secret set --vault-name {vault} --name {secret} {upload}"
#   symptom: The CA counts as having no CRL (BadCertificateRevocationUnknown, or BadCertificateIssuerRevocationUnknown, where that is rejected).
#   sources: ["Misconfigurations of connector stores, X-17", "the az CLI does not check it", "OPC 10000-4 6.1.3, find revocation list"]
#   variants:
#     future:
#       message: "CRL {key} of {crl_issuer} counts only from {this_update} on"
#       remedy: "Check the clock of the CA; until then keep the CRL before this one under {key}"
package storewarden.rules.x_17

import data.storewarden.lib.revocation
import data.storewarden.lib.roles
import data.storewarden.lib.upload

finding contains object.union(
	{"code": "X-17", "entry": l.entry, "crl": l.id, "args": {"upload": upload.options[l.entry]}},
	revocation.severity,
) if {
	some l in input.crls
	l.next_update != 0
	l.next_update < input.now
	l.role in roles.opcua_lists
}

finding contains object.union(
	{"code": "X-17", "entry": l.entry, "crl": l.id, "variant": "future"},
	revocation.severity,
) if {
	some l in input.crls
	l.this_update > input.now
	l.role in roles.opcua_lists
}
