# METADATA
# title: A CA may not sign certificates or CRLs
# description: |
#   The key usage of a CA must hold keyCertSign and cRLSign; newer stacks refuse
#   what a CA without them issued, and a CA without the extension too.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: {observe: warn, standard: warn, strict: deny}
#   message: "the key usage of the CA {subject} lacks {lacking}"
#   remedy: "Have the CA issued again with keyUsage keyCertSign and cRLSign, and upload it: az keyvault secret set --vault-name {vault} --name {secret} {upload}"
#   symptom: BadCertificateIssuerUseNotAllowed for every certificate that it issued.
#   sources: ["UA-.NETStandard, check of issuers", "open62541, check of issuers", "RFC 5280 4.2.1.3"]
package storewarden.rules.x_06

import data.storewarden.lib.roles
import data.storewarden.lib.upload
import data.storewarden.lib.words

finding contains {
	"code": "X-06", "entry": c.entry, "certificate": c.id,
	"args": {"lacking": words.few(lacking), "upload": upload.options[c.entry]},
} if {
	some c in input.certificates
	not c.end_entity
	lacking := {"keyCertSign", "cRLSign"} - {u | some u in c.key_usage}
	count(lacking) > 0
	c.role in roles.opcua_lists
}
