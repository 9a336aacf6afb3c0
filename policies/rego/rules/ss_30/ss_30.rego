# METADATA
# title: A SecretSync is deleted while a connector uses its Secret
# description: |
#   Its Secret goes with it. Devices and ConnectorTemplates that name the Secret
#   are left without it.
# custom:
#   subjects: [SecretSync]
#   operations: [delete]
#   severity: deny
#   message: "{object} is deleted while {users} still name its Secret"
#   remedy: "First clear the references: az iot ops connector template update --instance INSTANCE -g GROUP --name TEMPLATE --trust-settings-secret-ref '' for a ConnectorTemplate; take the Secret out of the endpoint's authentication and trustSettings for a Device"
#   symptom: Pods of the connector do not start, for want of a Secret to mount; one that runs goes on with what it had and stops later (known issue 7518).
#   basis: references
#   sources: ["Azure IoT Operations documentation: remove all references first", "Azure IoT Operations known issue 7518"]
package storewarden.rules.ss_30

import data.storewarden.lib.words

finding contains {"code": "SS-30", "field": "metadata.name", "args": {"users": words.few(users)}} if {
	input.operation == "delete"
	count(users) > 0
}

users contains concat(" ", [r.kind, r.name]) if some r in input.referrers
