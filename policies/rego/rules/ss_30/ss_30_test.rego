package storewarden.rules.ss_30_test

import data.storewarden.fixture
import data.storewarden.rules.ss_30

document(operation, referrers) := fixture.document({"operation": operation, "referrers": referrers})

one := fixture.referrer({"kind": "Device", "name": "press-1"})

test_fires if {
	ss_30.finding == {{"code": "SS-30", "field": "metadata.name", "args": {"users": "Device press-1"}}} with input as document("delete", [one, one])
}

test_silent if {
	count(ss_30.finding) == 0 with input as document("delete", [])
	count(ss_30.finding) == 0 with input as document("update", [one])
}
