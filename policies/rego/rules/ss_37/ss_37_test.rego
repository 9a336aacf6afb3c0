package storewarden.rules.ss_37_test

import data.storewarden.fixture
import data.storewarden.rules.ss_37

document(fields) := fixture.document({"referrers": [fixture.referrer(object.union(
	{"kind": "Device", "name": "press-1", "use": "certificate", "key": "certificate"},
	fields,
))]})

test_fires if {
	ss_37.finding == {{
		"code": "SS-37", "field": "spec.secretObject.data",
		"args": {"user": "Device press-1", "use": "certificate", "key": "certificate"},
	}} with input as document({})
}

test_silent if {
	every other in [{"has": true}, {"had": true}, {"key": ""}] {
		count(ss_37.finding) == 0 with input as document(other)
	}
}
