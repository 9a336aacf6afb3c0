# METADATA
# title: The SecretProviderClass has no parameters
# description: |
#   The parameters say which vault, which tenant and which objects; the sync
#   controller writes into them without looking whether there are any.
# custom:
#   subjects: [SecretProviderClass]
#   severity: deny
#   message: "spec.parameters is missing: it must name the vault, the tenant and the objects"
#   remedy: "Add keyvaultName, tenantID, clientID and objects under spec.parameters; az iot ops secretsync enable --instance INSTANCE --resource-group GROUP --mi-user-assigned IDENTITY --kv-resource-id VAULT writes them all"
#   symptom: The sync controller panics and restarts in a loop, so no list of the cluster is updated any more.
#   sources: ["secrets-store-sync-controller v0.0.4, reconcile of a SecretSync"]
package storewarden.rules.spc_02

import data.storewarden.lib.azure

finding contains {"code": "SPC-02", "field": "spec.parameters"} if {
	not input.spc.has_parameters
	azure.meant
}
