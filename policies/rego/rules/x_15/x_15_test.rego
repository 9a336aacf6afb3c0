package storewarden.rules.x_15_test

import data.storewarden.fixture
import data.storewarden.rules.x_15

document(fields) := fixture.document({
	"entries": [fixture.entry({})],
	"crls": [fixture.crl(object.union({"role": "opcua-issuer", "ca": "ca.der"}, fields))],
})

test_fires if {
	every role in ["opcua-issuer", "opcua-trust"] {
		x_15.finding == {{"code": "X-15", "entry": 0, "crl": 0}} with input as document({"role": role})
	}
}

test_silent_for_the_right_issuer if {
	count(x_15.finding) == 0 with input as document({"issuer_matches": true})
}

test_silent_without_a_ca_beside_it if {
	count(x_15.finding) == 0 with input as document({"ca": ""})
}

test_silent_elsewhere if {
	count(x_15.finding) == 0 with input as document({"role": "tls-trust"})
}
