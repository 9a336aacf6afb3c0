# METADATA
# title: The cloud is not one that the provider knows
# description: |
#   cloudName chooses the domain of the vault. The documentation of the secret
#   store extension says that it takes none at all; a name that no version knows
#   stops every fetch.
# custom:
#   subjects: [SecretProviderClass]
#   severity: warn
#   message: "cloudName {cloud} is not the name of a cloud that the provider knows"
#   remedy: "Remove the line cloudName for the public cloud; else use AzureUSGovernmentCloud or AzureChinaCloud, where the secret store extension supports it"
#   symptom: The provider reports that cloudName is not valid, and nothing is fetched; connections fail with BadCertificateTimeInvalid in the end.
#   sources: ["Azure Key Vault provider v1.8.2, cloudName", "Azure documentation, migrate to the secret store extension"]
package storewarden.rules.spc_36

import data.storewarden.lib.azure

finding contains {"code": "SPC-36", "field": "spec.parameters.cloudName", "args": {"cloud": input.spc.cloud}} if {
	not lower(input.spc.cloud) in known
	azure.meant
}

# known are the names that any version took, whatever their case.
known := {
	"", "azurepubliccloud", "azurecloud", "azurechinacloud", "azuregermancloud",
	"azureusgovernment", "azureusgovernmentcloud", "azurestackcloud",
}
