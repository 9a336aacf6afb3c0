# METADATA
# title: A trusted certificate lives longer than our plant allows
# description: |
#   Our security standard lets the certificate of a machine live for five years
#   at most, so that a stolen key is of no use for ever. A machine that made its
#   own certificate has often given it twenty years or more.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: {observe: info, standard: warn, strict: deny}
#   message: "the certificate {subject} lives for {years} years, until {not_after}; our plant allows 5"
#   remedy: "Issue a new certificate for the machine that ends within five years, and upload it: az keyvault secret set --vault-name {vault} --name {secret} --file ./{key} --encoding hex --content-type application/pkix-cert"
#   symptom: Nothing fails. The security audit of the plant finds it.
#   sources: ["ACME security standard 12, section 4: certificates of machines"]
package custom.rules.acme_01

finding contains {
	"code": "ACME-01", "entry": c.entry, "certificate": c.id,
	"args": {"years": years(c.not_before, c.not_after)},
} if {
	input.store.role == "opcua-trust"
	some c in input.certificates
	not c.ca
	years(c.not_before, c.not_after) > 5
}

# years are whole ones; a year is 365.25 days of 86,400 seconds.
years(from, to) := floor((to - from) / 31557600)
