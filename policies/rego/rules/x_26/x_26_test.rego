package storewarden.rules.x_26_test

import data.storewarden.fixture
import data.storewarden.rules.x_26

document(algorithm, usage) := fixture.document({
	"entries": [fixture.entry({"key": "a.der", "ext": ".der"})],
	"certificates": [fixture.certificate({"role": "opcua-trust", "key_algorithm": algorithm, "key_usage": usage})],
})

found(lacking) := {{
	"code": "X-26", "entry": 0, "certificate": 0,
	"args": {"lacking": lacking, "upload": "--file ./a.der --encoding hex --content-type application/pkix-cert"},
}}

test_fires if {
	x_26.finding == found("dataEncipherment, digitalSignature") with input as document("RSA", [])
	x_26.finding == found("dataEncipherment") with input as document("RSA-PSS", ["digitalSignature", "keyEncipherment"])
	x_26.finding == found("digitalSignature") with input as document("ECDSA", ["keyAgreement"])
}

test_silent if {
	count(x_26.finding) == 0 with input as document("RSA", ["digitalSignature", "dataEncipherment"])
	count(x_26.finding) == 0 with input as document("ECDSA", ["digitalSignature"])
	count(x_26.finding) == 0 with input as document("Ed25519", [])
}

requested(fields) := fixture.document({"issuance": object.union({"own": true}, fields)})

test_requested if {
	x_26.finding == {{
		"code": "X-26", "field": "spec.usages", "variant": "requested",
		"args": {"key_algorithm": "RSA", "lacking": "data encipherment"},
	}} with input as requested({"key_algorithm": "RSA", "usages": ["signing"]})
	x_26.finding == {{
		"code": "X-26", "field": "spec.usages", "variant": "requested",
		"args": {"key_algorithm": "ECDSA", "lacking": "digital signature"},
	}} with input as requested({"key_algorithm": "ECDSA", "usages": ["server auth"]})
	count(x_26.finding) == 0 with input as requested({"key_algorithm": "RSA", "usages": ["digital signature", "data encipherment"]})
	count(x_26.finding) == 0 with input as requested({"key_algorithm": "Ed25519", "usages": []})
	count(x_26.finding) == 0 with input as fixture.document({"issuance": {"key_algorithm": "RSA", "usages": []}})
}
