# METADATA
# title: The SecretProviderClass names no valid tenant
# description: |
#   The provider asks for a token of one tenant, named by its GUID in tenantID
#   (tenantId is read too).
# custom:
#   subjects: [SecretProviderClass]
#   severity: deny
#   message: "the tenant {value} is not a GUID"
#   remedy: "Set spec.parameters.tenantID to the GUID of the vault's tenant: az keyvault show --name {vault} --query properties.tenantId -o tsv"
#   symptom: Every SecretSync that uses the class reports ProviderError with AADSTS90002, and nothing is fetched.
#   sources: ["Azure Key Vault provider v1.8.2, pkg/provider/types/parameters.go", "Microsoft Entra error AADSTS90002, tenant not found"]
#   variants:
#     missing:
#       message: "tenantID is not set, so the provider cannot ask for a token"
#     unknown:
#       message: "Microsoft Entra has no tenant {value}: {detail}"
package storewarden.rules.spc_05

import data.storewarden.lib.azure
import data.storewarden.lib.cause

finding contains {"code": "SPC-05", "field": input.spc.tenant.field, "variant": variant, "args": {"value": input.spc.tenant.value}} if {
	not regex.match(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`, input.spc.tenant.value)
	input.spc.has_parameters
	azure.meant
	variant := {true: "missing", false: ""}[input.spc.tenant.value == ""]
}

# It is mild, since a cloud that is not the public one has tenants of its own.
finding contains {
	"code": "SPC-05", "field": input.spc.tenant.field, "variant": "unknown", "severity": "warn",
	"args": {"value": input.spc.tenant.value, "detail": u.message},
} if {
	some u in input.unverified
	cause.of(u) == "SPC-05"
}
