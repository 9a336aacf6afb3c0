package storewarden.rules.x_22_test

import data.storewarden.fixture
import data.storewarden.rules.x_22

document(role, algorithm, bits) := fixture.document({
	"entries": [fixture.entry({"key": "a.der", "ext": ".der"})],
	"certificates": [fixture.certificate({"role": role, "key_algorithm": algorithm, "key_bits": bits})],
})

test_fires if {
	every bits in [2049, 8192] {
		x_22.finding == {{
			"code": "X-22", "entry": 0, "certificate": 0,
			"args": {"upload": "--file ./a.der --encoding hex --content-type application/pkix-cert"},
		}} with input as document("opcua-trust", "RSA", bits)
	}
}

test_silent if {
	every bits in [0, 1024, 2048, 3072, 4096] {
		count(x_22.finding) == 0 with input as document("opcua-trust", "RSA", bits)
	}
	count(x_22.finding) == 0 with input as document("opcua-trust", "DSA", 8192)
	count(x_22.finding) == 0 with input as document("tls-trust", "RSA", 8192)
}
