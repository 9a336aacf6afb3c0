# METADATA
# title: A Secret is named that is not there
# description: |
#   A Device or a ConnectorTemplate names a Secret that neither exists nor is made
#   by a SecretSync of its namespace. One that is kept where Storewarden does not
#   look is named in references.external. Where no SecretSync at all is known it is
#   open where Secrets come from.
# custom:
#   subjects: [Device, ConnectorTemplate]
#   operations: [create, update, audit]
#   severity: deny
#   message: "the {use} is to come from Secret {secret}, which is not in namespace {namespace}, and no SecretSync makes it"
#   remedy: "Make it first: az iot ops secretsync secret set --instance INSTANCE -g GROUP --secret-sync-name {secret} --secret-map VAULT-SECRET={key}; or correct the name (kubectl -n {namespace} get secretsync,secret lists what is there); if it is kept elsewhere, add Secret/{secret} to references.external in Storewarden's configuration"
#   symptom: The connector's pod does not start, for want of a Secret to mount, or keeps running without it (known issue 7518); connections fail with BadCertificateUntrusted or a TLS error.
#   basis: peer
#   sources: ["Akri connector contract: mounted trust lists and credentials", "Azure IoT Operations known issue 7518"]
package storewarden.rules.u_01

import data.storewarden.lib.uses

finding contains {"code": "U-01", "field": r.field, "severity": severity, "args": {"use": r.use, "secret": r.secret, "key": uses.key(r)}} if {
	some r in input.references
	r.state == "absent"
	not external(r)
}

external(r) if {
	some pattern in data.config.external
	glob.match(pattern, null, concat("/", ["Secret", r.secret]))
}

default severity := "deny"

severity := "warn" if not input.store.syncs
