package storewarden.rules.x_16_test

import data.storewarden.fixture
import data.storewarden.rules.x_16

document(fields) := fixture.document({
	"entries": [fixture.entry({})],
	"crls": [fixture.crl(object.union({"role": "opcua-issuer", "ca": "ca.der", "issuer_matches": true, "signature": "invalid"}, fields))],
})

test_fires if {
	every role in ["opcua-issuer", "opcua-trust"] {
		x_16.finding == {{"code": "X-16", "entry": 0, "crl": 0}} with input as document({"role": role})
	}
}

test_silent_for_other_signatures if {
	every signature in ["valid", "unverifiable", ""] {
		count(x_16.finding) == 0 with input as document({"signature": signature})
	}
}

test_silent_for_another_issuer if {
	count(x_16.finding) == 0 with input as document({"issuer_matches": false})
}

test_silent_without_a_ca_beside_it if {
	count(x_16.finding) == 0 with input as document({"ca": ""})
}

test_silent_elsewhere if {
	count(x_16.finding) == 0 with input as document({"role": "tls-trust"})
}
