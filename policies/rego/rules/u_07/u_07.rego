# METADATA
# title: One trust list serves connectors of different types
# description: |
#   Each connector has its own trust list: what one of them reads another may not,
#   and what one is to trust the other trusts too.
# custom:
#   subjects: [Device, ConnectorTemplate]
#   operations: [create, update, audit]
#   severity: info
#   message: "Secret {secret} is also the trust list of {others}"
#   remedy: "Give each connector a list of its own: az iot ops secretsync secret set --instance INSTANCE -g GROUP --secret-sync-name {secret}-2 --secret-map VAULT-SECRET=ca.crt"
#   symptom: One of the connectors cannot read what was written for the other, and its connections fail with a TLS error.
#   sources: ["Azure IoT Operations documentation: each connector has its own trust list"]
package storewarden.rules.u_07

import data.storewarden.lib.words

finding contains {"code": "U-07", "field": r.field, "args": {"secret": r.secret, "others": words.few(r.others)}} if {
	some r in input.references
	count(r.others) > 0
}
