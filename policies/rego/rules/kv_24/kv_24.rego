# METADATA
# title: The identity may not read secrets, or the vault uses access policies
# description: |
#   The identity that the SecretProviderClass names needs the roles Key Vault Secrets
#   User and Key Vault Reader on the vault, and the vault must use Azure role-based
#   access control. Storewarden asked as that identity (vault.identity is
#   serviceaccount), so the sync controller gets the same answer.
# custom:
#   subjects: [SecretProviderClass, SecretSync]
#   severity: warn
#   message: "identity {client} may not read the secrets of vault {keyvault}: {detail}"
#   remedy: "Give it its roles, and apply again after a few minutes: az role assignment create --role 'Key Vault Secrets User' --assignee {client} --scope $(az keyvault show --name {keyvault} --query id -o tsv), the same for the role Key Vault Reader"
#   symptom: The SecretSync reports 403 Forbidden, caller is not authorized; nothing is fetched.
#   sources: ["Misconfigurations of connector stores, KV-24", "Azure Key Vault documentation, REST API error codes: ForbiddenByRbac, ForbiddenByPolicy"]
#   variants:
#     policy:
#       message: "vault {keyvault} still uses access policies, and none lets identity {client} read its secrets: {detail}"
#       remedy: "Let the vault use roles, once every reader has one: az keyvault update --name {keyvault} --enable-rbac-authorization true"
package storewarden.rules.kv_24

import data.storewarden.lib.cause

fields := {
	"SecretProviderClass": "spec.parameters.keyvaultName",
	"SecretSync": "spec.secretProviderClassName",
}

finding contains {"code": "KV-24", "field": fields[input.subject.kind], "variant": variant(u.code), "args": cause.args(u)} if {
	some u in input.unverified
	cause.of(u) == "KV-24"
}

# policy lists what a vault with access policies says.
policy := {"ForbiddenByPolicy", "AccessDenied"}

variant(code) := "policy" if code in policy

variant(code) := "" if not code in policy
