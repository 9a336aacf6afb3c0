package storewarden.rules.x_12_test

import data.storewarden.fixture
import data.storewarden.rules.x_12

document(fields) := fixture.document({
	"entries": [fixture.entry({"key": "a.der", "ext": ".der"})],
	"certificates": [fixture.certificate(object.union({"role": "opcua-trust"}, fields))],
})

test_fires if {
	every fields in [{"issuer_state": "invalid", "issuer_key": "issuers/ca.der"}] {
		x_12.finding == {{"code": "X-12", "entry": 0, "certificate": 0, "args": {"listed": "issuers/ca.der", "upload": "--file ./a.der --encoding hex --content-type application/pkix-cert"}}} with input as document(fields)
	}
}

test_silent if {
	every fields in [{"issuer_state": "found"}, {"issuer_state": "other-key"}, {"issuer_state": ""}] {
		count(x_12.finding) == 0 with input as document(fields)
	}
}
