# METADATA
# title: A Device names a key that the SecretSync does not make
# description: |
#   The credentials of a device are found by the key that the Device names, usually
#   certificate and privateKey; under any other key they are not found.
# custom:
#   subjects: [SecretSync]
#   operations: [create, update, audit]
#   severity: deny
#   message: "{user} takes its {use} from {object}/{key}, but the SecretSync makes no such key"
#   remedy: "Name the target key {key}, or have {user} name a key that is there"
#   symptom: The file of the credential is missing in the connector's pod, and the endpoint reports an authentication error; over OPC UA it is BadIdentityTokenRejected.
#   basis: references
#   sources: ["Akri connector contract: files of device credentials"]
package storewarden.rules.ss_37

finding contains {
	"code": "SS-37", "field": "spec.secretObject.data",
	"args": {"user": concat(" ", [r.kind, r.name]), "use": r.use, "key": r.key},
} if {
	some r in input.referrers
	r.key != ""
	not r.has
	not r.had
}
