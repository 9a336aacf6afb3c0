# METADATA
# title: The SecretProviderClass does not name the Azure provider
# description: |
#   The sync controller looks the provider up by exact name. A class of another
#   provider is judged only where a SecretSync uses it, or where its name is
#   close enough to "azure" to be a slip.
# custom:
#   subjects: [SecretProviderClass]
#   severity: deny
#   message: "spec.provider is \"{provider}\", which the sync controller does not know; it must be exactly azure"
#   remedy: "Set spec.provider: azure, in lower case"
#   symptom: SecretSyncs report ProviderError (provider not found) and no certificate of this SecretProviderClass reaches the cluster.
#   sources: ["secrets-store-sync-controller v0.0.4, provider client", "SecretProviderClass CRD, spec.provider"]
#   variants:
#     empty:
#       message: "spec.provider is empty, so no provider fetches the objects"
package storewarden.rules.spc_01

finding contains {"code": "SPC-01", "field": "spec.provider", "variant": variant} if {
	input.spc.provider != "azure"
	concerned
	variant := {true: "empty", false: ""}[input.spc.provider == ""]
}

concerned if input.spc.near_azure

concerned if count(input.spc.used_by) > 0
