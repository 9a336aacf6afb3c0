package storewarden.rules.x_28_test

import data.storewarden.fixture
import data.storewarden.rules.x_28

document(role, uris) := fixture.document({
	"entries": [fixture.entry({"key": "a.der", "ext": ".der"})],
	"certificates": [fixture.certificate({"role": role, "uris": uris})],
})

found(variant, uris) := {
	"code": "X-28", "entry": 0, "certificate": 0, "variant": variant,
	"args": {"uris": uris, "upload": "--file ./a.der --encoding hex --content-type application/pkix-cert"},
}

test_fires if {
	x_28.finding == {found("", "")} with input as document("opcua-trust", [])
	x_28.finding == {found("several", "urn:a:b, urn:c:d")} with input as document("opcua-trust", ["urn:a:b", "urn:c:d"])
	x_28.finding == {found("invalid", "server 1")} with input as document("opcua-trust", ["server 1"])
}

test_denies_the_client if {
	x_28.finding == {object.union(found("", ""), {"severity": "deny"})} with input as document("opcua-client", [])
}

test_one_finding_for_two_that_are_wrong if {
	x_28.finding == {found("several", "one, two")} with input as document("opcua-trust", ["one", "two"])
}

test_silent_for_others if {
	every uris in [[], ["one", "two"], ["one"]] {
		every fields in [{"role": "opcua-trust", "ca": true, "end_entity": false}, {"role": "opcua-issuer"}] {
			count(x_28.finding) == 0 with input as fixture.document({
				"entries": [fixture.entry({})],
				"certificates": [fixture.certificate(object.union(fields, {"uris": uris}))],
			})
		}
	}
}

test_silent if {
	count(x_28.finding) == 0 with input as document("opcua-trust", ["urn:plant:server"])
	count(x_28.finding) == 0 with input as document("opcua-client", ["https://plant/server"])
}

requested(fields) := fixture.document({"issuance": object.union({"own": true}, fields)})

test_requested if {
	x_28.finding == {{
		"code": "X-28", "field": "spec.uris", "severity": "deny", "variant": "requested", "args": {"found": 0},
	}} with input as requested({"uris": []})
	count(x_28.finding) == 1 with input as requested({"uris": ["urn:a:b", "urn:c:d"]})
	count(x_28.finding) == 0 with input as requested({"uris": ["urn:a:b"]})
	count(x_28.finding) == 0 with input as fixture.document({"issuance": {"uris": []}})
}
