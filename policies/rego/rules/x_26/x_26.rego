# METADATA
# title: An application certificate is not meant for its use
# description: |
#   The stack wants dataEncipherment and digitalSignature in the key usage of an
#   RSA certificate, digitalSignature in that of an ECDSA certificate; a
#   certificate without the extension counts as having none. To accept every
#   server certificate does not help.
# custom:
#   subjects: [SecretSync, Secret, Certificate]
#   severity: deny
#   message: "the key usage of the {key_algorithm} certificate {subject} lacks {lacking}"
#   remedy: "Issue the certificate again as OPC UA wants it (keyUsage digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment for RSA; digitalSignature for ECDSA), install it at the server or client, and upload it: az keyvault secret set --vault-name {vault} --name {secret} {upload}"
#   symptom: BadCertificateUseNotAllowed, usage of the certificate is not allowed; autoAcceptUntrustedServerCertificates does not suppress it.
#   sources: ["UA-.NETStandard, check of key usage", "Azure/Industrial-IoT issue 1662", "OPC 10000-6 6.2.2"]
#   variants:
#     requested:
#       message: "Certificate {object} asks for an {key_algorithm} certificate without the usages {lacking}"
#       remedy: "Add to spec.usages: {lacking}"
package storewarden.rules.x_26

import data.storewarden.lib.applications
import data.storewarden.lib.upload
import data.storewarden.lib.words

finding contains unusable(c) if {
	some c in input.certificates
	c.end_entity
	c.role in applications.stores
	c.key_algorithm in {"RSA", "RSA-PSS", "ECDSA"}
	not "digitalSignature" in c.key_usage
}

finding contains unusable(c) if {
	some c in input.certificates
	c.end_entity
	c.role in applications.stores
	c.key_algorithm in {"RSA", "RSA-PSS"}
	not "dataEncipherment" in c.key_usage
}

unusable(c) := {
	"code": "X-26", "entry": c.entry, "certificate": c.id,
	"args": {"lacking": words.few(lacking), "upload": upload.options[c.entry]},
} if {
	lacking := wanted[c.key_algorithm] - {u | some u in c.key_usage}
}

wanted := {
	"RSA": {"digitalSignature", "dataEncipherment"},
	"RSA-PSS": {"digitalSignature", "dataEncipherment"},
	"ECDSA": {"digitalSignature"},
}

finding contains {
	"code": "X-26", "field": "spec.usages", "variant": "requested",
	"args": {"key_algorithm": input.issuance.key_algorithm, "lacking": words.few(lacking)},
} if {
	input.issuance.own
	lacking := requested[input.issuance.key_algorithm] - {spelling(u) | some u in input.issuance.usages}
	count(lacking) > 0
}

requested := {
	"RSA": {"digital signature", "data encipherment"},
	"ECDSA": {"digital signature"},
}

# spelling: cert-manager has two words for one usage.
spelling(u) := object.get({"signing": "digital signature"}, u, u)
