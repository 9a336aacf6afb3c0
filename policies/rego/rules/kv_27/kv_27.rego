# METADATA
# title: A name is spelt in two cases
# description: |
#   Key Vault does not tell upper from lower case, but the az CLI compares the
#   names in a SecretProviderClass to the letter, and adds a second object for the
#   same secret.
# custom:
#   subjects: [SecretProviderClass]
#   severity: info
#   message: "objectName {secret} is spelt {other} in another object: to Key Vault both are one secret"
#   remedy: "Spell it alike everywhere, as the vault does: az keyvault secret list --vault-name {vault} --query [].name -o tsv"
#   symptom: None by itself; the az CLI takes the two for different secrets, and removing one leaves the other trusted.
#   sources: ["Azure Key Vault documentation, names are case-insensitive", "az iot ops, certs.py, comparison of names"]
#   variants:
#     vault:
#       message: "keyvaultName {own} is spelt {other} in another SecretProviderClass: to Azure both are one vault"
#       remedy: "Spell it alike everywhere, as Azure does: az keyvault list --query [].name -o tsv"
package storewarden.rules.kv_27

import data.storewarden.lib.azure

finding contains {"code": "KV-27", "entry": e.id, "field": concat(".", [e.field, "objectName"]), "args": {"other": e.object.other_case}} if {
	some e in input.entries
	e.object.other_case != ""
}

finding contains {
	"code": "KV-27", "field": input.spc.vault.field, "variant": "vault",
	"args": {"own": input.spc.vault.value, "other": input.spc.vault_spelling},
} if {
	input.spc.vault_spelling != ""
	azure.meant
}
