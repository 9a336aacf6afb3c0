# METADATA
# title: The SecretProviderClass names no vault
# description: |
#   Without keyvaultName the provider does not know where to ask. The name of
#   the parameter is exact, in case too: keyVaultName is not read.
# custom:
#   subjects: [SecretProviderClass]
#   severity: deny
#   message: "keyvaultName is not set, so no vault is asked for any object"
#   remedy: "Set spec.parameters.keyvaultName (spelt so) to the name of the vault; az keyvault list --query \"[].name\" -o tsv shows them"
#   symptom: Every SecretSync that uses the class reports ProviderError with "keyvaultName is not provided".
#   sources: ["Azure Key Vault provider v1.8.2, pkg/provider/types/parameters.go"]
package storewarden.rules.spc_03

import data.storewarden.lib.azure

finding contains {"code": "SPC-03", "field": input.spc.vault.field} if {
	input.spc.vault.value == ""
	input.spc.has_parameters
	azure.meant
}
