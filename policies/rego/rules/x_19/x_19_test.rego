package storewarden.rules.x_19_test

import data.storewarden.fixture
import data.storewarden.rules.x_19

document(certificate, crl) := fixture.document({
	"entries": [fixture.entry({"id": 0, "key": "a.der"}), fixture.entry({"id": 1, "key": "a.crl"})],
	"certificates": [fixture.certificate(object.union({"entry": 0, "role": "opcua-trust"}, certificate))],
	"crls": [fixture.crl(object.union({"entry": 1, "ca": "a.der", "issuer_matches": true}, crl))],
})

test_fires if {
	every certificate in [{}, {"ca": true, "application": true}] {
		x_19.finding == {{"code": "X-19", "entry": 1, "crl": 0}} with input as document(certificate, {})
	}
}

test_silent if {
	count(x_19.finding) == 0 with input as document({"ca": true}, {})
	count(x_19.finding) == 0 with input as document({"role": "opcua-issuer"}, {})
	count(x_19.finding) == 0 with input as document({}, {"issuer_matches": false})
	count(x_19.finding) == 0 with input as document({}, {"ca": "b.der"})
}
