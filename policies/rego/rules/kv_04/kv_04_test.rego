package storewarden.rules.kv_04_test

import data.storewarden.fixture
import data.storewarden.rules.kv_04

document(problem) := fixture.document({"entries": [fixture.entry({"vault": {"problem": problem}})]})

test_fires if {
	kv_04.finding == {{"code": "KV-04", "entry": 0}} with input as document("SoftDeleted")
}

test_silent_for_other_problems if {
	every problem in ["", "NotFound", "Disabled"] {
		count(kv_04.finding) == 0 with input as document(problem)
	}
}
