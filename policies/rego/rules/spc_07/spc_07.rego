# METADATA
# title: The identity that fetches is not named
# description: |
#   The provider asks for a token in the name of clientID, spelt so. What Azure
#   itself writes into the cluster is not documented, so another spelling is
#   warned of and never refused. A class that only the CSI driver mounts may do
#   without.
# custom:
#   subjects: [SecretProviderClass]
#   severity: {observe: warn, standard: warn, strict: deny}
#   message: "clientID is not set, so nothing can be fetched for SecretSync {syncs}"
#   remedy: "Set spec.parameters.clientID to the client ID of the managed identity: az identity show --name NAME -g GROUP --query clientId -o tsv"
#   symptom: The sync reports "failed to get credentials, nodePublishSecretRef secret is not set"; renewed certificates never arrive, and connections fail with BadCertificateTimeInvalid in the end.
#   sources: ["Azure Key Vault provider v1.8.2, pkg/provider/types/parameters.go", "az iot ops secretsync enable"]
#   variants:
#     spelling:
#       message: "the upstream provider knows the parameter clientID and does not read {spelling}"
#       remedy: "Rename spec.parameters.{spelling} to clientID"
package storewarden.rules.spc_07

import data.storewarden.lib.azure
import data.storewarden.lib.words

finding contains {"code": "SPC-07", "field": "spec.parameters.clientID", "args": {"syncs": words.few(input.spc.used_by)}} if {
	input.spc.client.value == ""
	input.spc.client_spelling == ""
	input.spc.has_parameters
	count(input.spc.used_by) > 0
	azure.meant
}

finding contains {
	"code": "SPC-07",
	"field": concat(".", ["spec.parameters", input.spc.client_spelling]),
	"severity": "warn",
	"variant": "spelling",
	"args": {"spelling": input.spc.client_spelling},
} if {
	input.spc.client_spelling != ""
	input.spc.client.value == ""
	azure.meant
}
