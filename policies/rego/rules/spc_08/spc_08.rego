# METADATA
# title: clientID is the object ID of the identity, not its client ID
# description: |
#   An identity has an object ID (principal ID) and a client ID, and both are GUIDs.
#   The provider needs the client ID. Only Microsoft Entra knows which of the two a
#   GUID is: Storewarden hears of it where it asks as that identity
#   (vault.identity is serviceaccount).
# custom:
#   subjects: [SecretProviderClass]
#   severity: warn
#   message: "tenant {tenant} has no application with the client ID {client}: {detail}"
#   remedy: "Set spec.parameters.clientID to the client ID: az identity show --name IDENTITY -g RESOURCE-GROUP --query clientId -o tsv"
#   symptom: The SecretSync reports AADSTS700016, or the vault answers 401; the Secret is never written.
#   sources: ["Misconfigurations of connector stores, SPC-08", "Secret store extension documentation, migration", "Microsoft Entra error AADSTS700016"]
package storewarden.rules.spc_08

import data.storewarden.lib.cause

finding contains {"code": "SPC-08", "field": "spec.parameters.clientID", "args": cause.args(u)} if {
	some u in input.unverified
	cause.of(u) == "SPC-08"
}
