package storewarden.rules.ss_07_test

import data.storewarden.fixture
import data.storewarden.rules.ss_07

test_fires if {
	ss_07.finding == {{"code": "SS-07", "field": "spec.secretObject.data"}} with input as fixture.document({})
}

test_silent if {
	count(ss_07.finding) == 0 with input as fixture.document({"entries": [fixture.entry({})]})
}
