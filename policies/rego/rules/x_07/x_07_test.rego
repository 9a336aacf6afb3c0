package storewarden.rules.x_07_test

import data.storewarden.fixture
import data.storewarden.rules.x_07

document(fields) := fixture.document({
	"entries": [fixture.entry({"key": "a.der", "ext": ".der"})],
	"certificates": [fixture.certificate(object.union({"role": "opcua-issuer"}, fields))],
})

found(variant) := {object.union(variant, {
	"code": "X-07", "entry": 0, "certificate": 0,
	"args": {"above": "trust/ca.der", "upload": "--file ./a.der --encoding hex --content-type application/pkix-cert"},
})}

test_fires if {
	x_07.finding == found({}) with input as document({"too_long_for": "trust/ca.der"})
	x_07.finding == found({"variant": "names"}) with input as document({"misnamed_for": "trust/ca.der"})
}

test_silent if {
	count(x_07.finding) == 0 with input as document({})
}
