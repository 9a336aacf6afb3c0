# METADATA
# title: A key is named that the Secret does not have
# description: |
#   The Secret is there, or a SecretSync makes it, but neither has the key that a
#   Device or a ConnectorTemplate names.
# custom:
#   subjects: [Device, ConnectorTemplate]
#   operations: [create, update, audit]
#   severity: deny
#   message: "the {use} is to come from {secret}/{key}, but Secret {secret} has no such key; it has {keys}"
#   remedy: "Name a key that is there, or bring it: az iot ops secretsync secret set --instance INSTANCE -g GROUP --secret-sync-name {secret} --secret-map VAULT-SECRET={key}"
#   symptom: The file of the credential is missing in the connector's pod, and the endpoint reports an authentication error; over OPC UA it is BadIdentityTokenRejected.
#   basis: references
#   sources: ["Akri connector contract: files of device credentials"]
#   variants:
#     by-hand:
#       message: "the {use} is to come from {secret}/{key}, but Secret {secret} has no such key; it has {keys}"
#       remedy: "Name a key that is there, or add {key} to Secret {secret} where it is kept"
package storewarden.rules.u_03

finding contains {
	"code": "U-03", "field": r.field, "variant": variants[r.synced],
	"args": {"use": r.use, "secret": r.secret, "key": r.key, "keys": concat(", ", r.keys)},
} if {
	some r in input.references
	r.state == "found"
	r.key != ""
	not r.key_found
}

variants := {true: "", false: "by-hand"}
