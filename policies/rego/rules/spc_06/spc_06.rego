# METADATA
# title: The tenant is set twice, to different values
# description: |
#   The provider reads tenantID, and tenantId only where tenantID is empty. Of two
#   different values the second is ignored without a word.
# custom:
#   subjects: [SecretProviderClass]
#   severity: warn
#   message: "tenantID is {tenant} and tenantId is {ignored}: the provider uses the first and ignores the second"
#   remedy: "Remove the line tenantId and keep in tenantID the tenant of the vault: az keyvault show --name {vault} --query properties.tenantId -o tsv"
#   symptom: If the wrong one wins, the vault answers 401 and nothing is fetched; renewed certificates never arrive, and connections fail with BadCertificateTimeInvalid in the end.
#   sources: ["Azure Key Vault provider v1.8.2, pkg/provider/types/parameters.go", "secrets-store-csi-driver-provider-azure issue 857"]
package storewarden.rules.spc_06

import data.storewarden.lib.azure

finding contains {
	"code": "SPC-06",
	"field": "spec.parameters.tenantId",
	"args": {"tenant": input.spc.tenant.value, "ignored": input.spc.ignored_tenant},
} if {
	input.spc.ignored_tenant != ""
	azure.meant
}
