# METADATA
# title: A key is shorter than our plant demands
# description: |
#   The connector takes RSA keys of 2048 bits. Our security standard demands 3072
#   for every machine that is trusted, since some stay in use for twenty years.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: {observe: info, standard: warn, strict: deny}
#   message: "the RSA key of {subject} has {key_bits} bits; our plant demands {least}"
#   remedy: "Have a new certificate made with an RSA key of {least} bits and upload it: az keyvault secret set --vault-name {vault} --name {secret} --file ./{key} --encoding hex --content-type application/pkix-cert"
#   symptom: Nothing fails. The next security audit of the plant finds it.
#   sources: ["ACME security standard 12, section 4"]
package custom.rules.acme_01

import data.storewarden.lib.roles

finding contains {
	"code": "ACME-01", "entry": c.entry, "certificate": c.id,
	"args": {"least": least},
} if {
	some c in input.certificates
	c.role in roles.opcua_lists
	c.key_algorithm == "RSA"
	c.key_bits < least

	# What is shorter still, the connector refuses itself: that is X-21.
	c.key_bits >= data.config.minimum_certificate_key_size
}

least := 3072
