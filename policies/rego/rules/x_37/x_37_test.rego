package storewarden.rules.x_37_test

import data.storewarden.fixture
import data.storewarden.rules.x_37

document(fields) := fixture.document({
	"entries": [fixture.entry({"key": "a.der", "ext": ".der"})],
	"certificates": [fixture.certificate(fields)],
})

found(variant, args) := object.union(
	{"code": "X-37", "entry": 0, "certificate": 0, "args": {"upload": "--file ./a.der --encoding hex --content-type application/pkix-cert"}},
	object.union(variant, {"args": args}),
)

test_long if {
	x_37.finding == {found({}, {})} with input as document({"valid_days": 10981})
	count(x_37.finding) == 0 with input as document({"valid_days": 10980})
}

test_exponent if {
	x_37.finding == {found({"variant": "exponent"}, {"exponent": 3})} with input as document({"rsa_exponent": 3})
	count(x_37.finding) == 1 with input as document({"rsa_exponent": 65536})
	count(x_37.finding) == 0 with input as document({"rsa_exponent": 65537})
	count(x_37.finding) == 0 with input as document({"rsa_exponent": 0})
}

test_wildcard if {
	x_37.finding == {found({"variant": "wildcard"}, {"wildcards": "*.plant"})} with input as document({"wildcards": ["*.plant"]})
	count(x_37.finding) == 0 with input as document({})
}
