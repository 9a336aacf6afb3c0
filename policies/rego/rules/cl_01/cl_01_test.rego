package storewarden.rules.cl_01_test

import data.storewarden.fixture
import data.storewarden.rules.cl_01

document(fields) := fixture.document({
	"entries": [fixture.entry({})],
	"keys": [fixture.key(object.union({"role": "opcua-client", "readable": true, "certificate": "app.der"}, fields))],
})

test_fires if {
	cl_01.finding == {{"code": "CL-01", "entry": 0, "args": {"certificate": "app.der"}}} with input as document({})
}

test_silent_for_a_pair if {
	count(cl_01.finding) == 0 with input as document({"matches": true})
}

test_silent_for_what_cannot_be_compared if {
	every fields in [{"readable": false}, {"certificate": ""}] {
		count(cl_01.finding) == 0 with input as document(fields)
	}
}

test_silent_elsewhere if {
	count(cl_01.finding) == 0 with input as document({"role": "device-credential"})
}
