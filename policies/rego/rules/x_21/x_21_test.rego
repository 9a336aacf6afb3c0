package storewarden.rules.x_21_test

import data.storewarden.fixture
import data.storewarden.rules.x_21

document(role, algorithm, bits) := fixture.document({
	"entries": [fixture.entry({"key": "a.der", "ext": ".der"})],
	"certificates": [fixture.certificate({"role": role, "key_algorithm": algorithm, "key_bits": bits})],
})

test_fires_in_every_opcua_store if {
	every role in ["opcua-trust", "opcua-issuer", "opcua-client"] {
		x_21.finding == {{
			"code": "X-21", "entry": 0, "certificate": 0,
			"args": {"least": 2048, "upload": "--file ./a.der --encoding hex --content-type application/pkix-cert"},
		}} with input as document(role, "RSA", 1024)
	}
}

test_follows_the_setting if {
	count(x_21.finding) == 0 with input as document("opcua-trust", "RSA", 1024) with data.config as fixture.config({"minimum_certificate_key_size": 1024})
}

test_silent_for_what_suffices_or_is_not_known if {
	every bits in [0, 2048, 4096] {
		count(x_21.finding) == 0 with input as document("opcua-trust", "RSA", bits)
	}
}

test_silent_for_other_algorithms if {
	count(x_21.finding) == 0 with input as document("opcua-trust", "ECDSA", 256)
}

test_silent_elsewhere if {
	count(x_21.finding) == 0 with input as document("tls-trust", "RSA", 1024)
}

requested(fields) := fixture.document({"issuance": object.union({"own": true}, fields)})

test_requested if {
	x_21.finding == {{
		"code": "X-21", "field": "spec.privateKey.size", "variant": "requested",
		"args": {"bits": 1024, "least": 2048},
	}} with input as requested({"key_algorithm": "RSA", "key_bits": 1024})
	count(x_21.finding) == 0 with input as requested({"key_algorithm": "RSA", "key_bits": 2048})
	count(x_21.finding) == 0 with input as requested({"key_algorithm": "ECDSA", "key_bits": 256})
	count(x_21.finding) == 0 with input as fixture.document({"issuance": {"key_algorithm": "RSA", "key_bits": 1024}})
}
