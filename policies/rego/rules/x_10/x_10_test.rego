package storewarden.rules.x_10_test

import data.storewarden.fixture
import data.storewarden.rules.x_10

document(fields) := fixture.document({
	"entries": [fixture.entry({"key": "a.der", "ext": ".der"})],
	"certificates": [fixture.certificate(object.union({"role": "opcua-trust"}, fields))],
})

test_fires if {
	every fields in [{"issuer_state": "absent"}, {"issuer_state": "absent", "ca": true, "application": true}] {
		x_10.finding == {{"code": "X-10", "entry": 0, "certificate": 0, "args": {}}} with input as document(fields)
	}
}

test_silent if {
	every fields in [
		{"issuer_state": "found"}, {"issuer_state": "unseen"}, {"issuer_state": ""},
		{"issuer_state": "absent", "ca": true}, {"issuer_state": "absent", "role": "opcua-client"}, {"issuer_state": "absent", "role": "opcua-issuer"},
	] {
		count(x_10.finding) == 0 with input as document(fields)
	}
}
