package storewarden.rules.ss_16_test

import data.storewarden.fixture
import data.storewarden.rules.ss_16

found(fields) := f if {
	f := ss_16.finding with input as fixture.document({"crls": [fixture.crl(object.union({"role": "opcua-trust", "ca": "ca.der", "issuer_matches": true, "signature": "valid"}, fields))]})
}

test_fires if found({}) == {{"code": "SS-16", "entry": 0}}

test_silent if {
	every fields in [{"role": "opcua-issuer"}, {"ca": ""}, {"issuer_matches": false}, {"signature": "invalid"}] {
		found(fields) == set()
	}
}
