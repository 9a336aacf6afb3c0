package storewarden.rules.u_04_test

import data.storewarden.fixture
import data.storewarden.rules.u_04

document(reference) := fixture.document({"references": [fixture.reference(object.union(
	{"field": "f", "endpoint": "e", "use": "certificate", "text": "s/c", "secret": "s", "key": "c", "state": "found", "key_found": true},
	reference,
))]})

test_fires if {
	u_04.finding == {{"code": "U-04", "field": "f", "args": {"endpoint": "e", "text": "s/c", "secret": "s"}}} with input as document({})
}

test_silent if {
	every other in [{"paired": true}, {"holds_key": true}, {"key_found": false}, {"state": "unseen"}, {"use": "private key"}] {
		count(u_04.finding) == 0 with input as document(other)
	}
}
