package storewarden.rules.kv_03_test

import data.storewarden.fixture
import data.storewarden.rules.kv_03

document(problem, version) := fixture.document({"entries": [fixture.entry({
	"object": {"version": version},
	"vault": {"problem": problem},
})]})

test_fires if {
	kv_03.finding == {{"code": "KV-03", "entry": 0}} with input as document("Disabled", "")
}

test_fires_for_a_pinned_version if {
	kv_03.finding == {{"code": "KV-03", "entry": 0, "variant": "version", "args": {"pinned": "v1"}}} with input as document("Disabled", "v1")
}

test_silent_for_other_problems if {
	every problem in ["", "NotFound", "Forbidden"] {
		every version in ["", "v1"] {
			count(kv_03.finding) == 0 with input as document(problem, version)
		}
	}
}
