# METADATA
# title: The issuer list helps to trust nothing
# description: |
#   A CA in the issuer list only helps to check a chain. Something of that chain
#   must be trusted: the CA or one above it, or a certificate that was issued
#   below it. With an empty trust list no server at all can be connected to.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: warn
#   message: "nothing in {trust} is the CA {subject}, stands above it or was issued below it, so the connector trusts no certificate through it"
#   remedy: "Trust the root CA, or the servers one by one: az iot ops connector opcua trust add --instance INSTANCE -g GROUP --certificate-file ./root-or-server.der; Azure IoT Operations asks for the root CA there first"
#   symptom: BadCertificateUntrusted, certificate issuer is not trusted.
#   basis: peer
#   sources: ["Azure IoT Operations documentation: the root CA must be in the trust list", "OPC 10000-4 6.1.3", "UA-.NETStandard, a certificate in the issuer store is not trusted"]
#   variants:
#     empty:
#       message: "the trust list {trust} is {state}, so the connector trusts nothing through the CA {subject}"
#       remedy: "Trust the root CA, or the servers one by one: az iot ops connector opcua trust add --instance INSTANCE -g GROUP --certificate-file ./root-or-server.der; if the trust list lives elsewhere, add SecretSync/{trust} to references.external in Storewarden's configuration"
package storewarden.rules.x_08

finding contains {"code": "X-08", "entry": c.entry, "certificate": c.id, "args": {"trust": input.store.trust}} if {
	some c in unanchored
	not input.store.trust_state in {"empty", "absent"}
}

finding contains {
	"code": "X-08", "entry": c.entry, "certificate": c.id, "severity": "deny", "variant": "empty",
	"args": {"trust": input.store.trust, "state": input.store.trust_state},
} if {
	some c in unanchored
	input.store.trust_state in {"empty", "absent"}
	not external
}

unanchored contains c if {
	some c in input.certificates
	not c.end_entity
	c.anchor_state == "absent"
}

external if {
	input.store.trust_state == "absent"
	some kind in ["SecretSync", "Secret"]
	some pattern in data.config.external
	glob.match(pattern, null, sprintf("%s/%s", [kind, input.store.trust]))
}
