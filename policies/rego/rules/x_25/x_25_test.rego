package storewarden.rules.x_25_test

import data.storewarden.fixture
import data.storewarden.rules.x_25

document(fields) := fixture.document({
	"entries": [fixture.entry({"key": "a.der", "ext": ".der"})],
	"certificates": [fixture.certificate(object.union(
		{"role": "opcua-trust", "key_curve": "P-384", "signature_hash": "SHA256", "self_issued": true},
		fields,
	))],
})

test_fires if {
	x_25.finding == {{
		"code": "X-25", "entry": 0, "certificate": 0,
		"args": {"curve": "P-384", "wanted": "SHA384", "upload": "--file ./a.der --encoding hex --content-type application/pkix-cert"},
	}} with input as document({})
}

test_silent if {
	every other in [
		{"signature_hash": "SHA384"}, {"signature_hash": ""}, {"signature_hash": "SHA1"},
		{"key_curve": ""}, {"key_curve": "P-256"}, {"self_issued": false}, {"role": "tls-trust"},
	] {
		count(x_25.finding) == 0 with input as document(other)
	}
}
