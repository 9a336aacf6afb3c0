# METADATA
# title: The name of the vault is not one that Key Vault allows
# description: |
#   keyvaultName is the bare name, 3 to 24 letters, digits and single hyphens
#   with a letter first; the provider adds the domain itself.
# custom:
#   subjects: [SecretProviderClass]
#   severity: deny
#   message: "keyvaultName {value} is no vault's name: 3 to 24 letters, digits and single hyphens, a letter first"
#   remedy: "Set spec.parameters.keyvaultName to the vault's own name; az keyvault list --query \"[].name\" -o tsv shows them"
#   symptom: Every SecretSync that uses the class reports ProviderError with "Invalid vault name", or the vault's host name is not found.
#   sources: ["Azure Key Vault provider v1.8.2, pkg/provider/provider.go", "Azure Key Vault documentation, vault names"]
#   variants:
#     url:
#       message: "keyvaultName {value} is an address: it must be the vault's bare name, {bare}"
#       remedy: "Set spec.parameters.keyvaultName: {bare}"
package storewarden.rules.spc_04

import data.storewarden.lib.azure

finding contains {"code": "SPC-04", "field": input.spc.vault.field, "args": {"value": input.spc.vault.value}} if {
	illegal
	not bare
}

finding contains {"code": "SPC-04", "field": input.spc.vault.field, "variant": "url", "args": {"value": input.spc.vault.value, "bare": bare}} if {
	illegal
}

illegal if {
	input.spc.vault.value != ""
	not legal
	azure.meant
}

legal if {
	regex.match(`^[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]$`, input.spc.vault.value)
	not contains(input.spc.vault.value, "--")
}

# bare is the vault's name within its address.
bare := regex.find_all_string_submatch_n(`^(?i:https?://)?([a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9])(?:[.:/]|$)`, input.spc.vault.value, 1)[0][1]
