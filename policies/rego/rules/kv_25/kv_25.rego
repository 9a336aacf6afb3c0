# METADATA
# title: The vault's firewall keeps the cluster out
# description: |
#   A vault with a firewall or a private endpoint answers only to the addresses
#   that it knows. The Azure Arc gateway does not carry vault.azure.net.
# custom:
#   subjects: [SecretProviderClass, SecretSync]
#   severity: warn
#   message: "the firewall of vault {keyvault} keeps this cluster out: {detail}"
#   remedy: "Let the site's address through: az keyvault network-rule add --name {keyvault} --ip-address ADDRESS; or give the cluster a way to the vault's private endpoint"
#   symptom: The SecretSync reports 403, client address is not authorized and caller is not a trusted service.
#   sources: ["Misconfigurations of connector stores, KV-25", "Azure Key Vault documentation, REST API error codes: ForbiddenByFirewall, ForbiddenByConnection"]
package storewarden.rules.kv_25

import data.storewarden.lib.cause

fields := {
	"SecretProviderClass": "spec.parameters.keyvaultName",
	"SecretSync": "spec.secretProviderClassName",
}

finding contains {"code": "KV-25", "field": fields[input.subject.kind], "args": cause.args(u)} if {
	some u in input.unverified
	cause.of(u) == "KV-25"
}
