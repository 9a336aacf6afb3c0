package storewarden.rules.x_24_test

import data.storewarden.fixture
import data.storewarden.rules.x_24

device(fields) := fixture.document({"endpoints": [fixture.endpoint(object.union(
	{"name": "opc", "field": "spec.endpoints.inbound.opc", "security_policy": "Basic256Sha256", "server_keys": ["ECDSA"]},
	fields,
))]})

client(fields) := fixture.document({
	"entries": [fixture.entry({})],
	"certificates": [fixture.certificate(object.union({"role": "opcua-client", "key_algorithm": "ECDSA"}, fields))],
})

test_endpoint if {
	every policy in ["Basic256Sha256", "http://opcfoundation.org/UA/SecurityPolicy#Aes128_Sha256_RsaOaep"] {
		x_24.finding == {{
			"code": "X-24", "severity": "warn", "field": "spec.endpoints.inbound.opc.additionalConfiguration",
			"args": {"endpoint": "opc", "policy": policy},
		}} with input as device({"security_policy": policy, "server_keys": ["ECDSA", "ECDSA"]})
	}
}

test_silent_for_an_endpoint if {
	every other in [
		{"security_policy": ""}, {"security_policy": "ECC_nistP256"}, {"server_keys": []},
		{"server_keys": ["RSA"]}, {"server_keys": ["RSA", "ECDSA"]},
	] {
		count(x_24.finding) == 0 with input as device(other)
	}
}

test_own if {
	x_24.finding == {{"code": "X-24", "entry": 0, "certificate": 0, "variant": "own"}} with input as client({})
	count(x_24.finding) == 0 with input as client({"role": "opcua-trust"})
	count(x_24.finding) == 0 with input as client({"key_algorithm": "RSA"})
}
