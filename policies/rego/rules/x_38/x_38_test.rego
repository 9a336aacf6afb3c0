package storewarden.rules.x_38_test

import data.storewarden.fixture
import data.storewarden.rules.x_38

document(fields) := fixture.document({"certificates": [fixture.certificate(object.union({"role": "tls-trust"}, fields))]})

test_fires if {
	x_38.finding == {{"code": "X-38", "entry": 0, "certificate": 0}} with input as document({})
}

test_silent if {
	every other in [{"ca": true}, {"self_issued": true}, {"role": "opcua-trust"}] {
		count(x_38.finding) == 0 with input as document(other)
	}
}
