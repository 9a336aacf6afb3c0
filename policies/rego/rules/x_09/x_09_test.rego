package storewarden.rules.x_09_test

import data.storewarden.fixture
import data.storewarden.rules.x_09

document(fields) := fixture.document({
	"entries": [fixture.entry({"key": "a.der", "ext": ".der"})],
	"certificates": [fixture.certificate(object.union({"role": "opcua-issuer"}, fields))],
})

test_fires if {
	every fields in [{"role": "opcua-trust", "ca": true, "issuer_state": "absent"}, {"ca": true, "issuer_state": "absent"}] {
		x_09.finding == {{"code": "X-09", "entry": 0, "certificate": 0, "args": {}}} with input as document(fields)
	}
}

test_silent if {
	every fields in [
		{"ca": true, "issuer_state": "found"}, {"ca": true, "issuer_state": "unseen"}, {"issuer_state": "absent"},
		{"ca": true, "application": true, "issuer_state": "absent"}, {"ca": true, "issuer_state": "absent", "role": "opcua-client"},
	] {
		count(x_09.finding) == 0 with input as document(fields)
	}
}
