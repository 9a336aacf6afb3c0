package storewarden.rules.spc_42_test

import data.storewarden.fixture
import data.storewarden.rules.spc_42

found(users, missed, fields) := f if {
	object_ := {"output": "o", "encoding": "HEX", "same_output": 1}
	f := spc_42.finding with input as fixture.document({
		"spc": {"used_by": users, "missed": missed},
		"entries": [fixture.entry(object.union({"object": object_}, fields))],
	})
}

test_fires if {
	found(["s"], false, {}) == {{"code": "SPC-42", "field": "spec.parameters.objects", "args": {"outputs": "o", "first": "o"}}}
}

test_silent if {
	found([], false, {}) == set()
	found(["s"], true, {}) == set()
	found(["s"], false, {"used_by": ["s"]}) == set()
	found(["s"], false, {"state": "malformed"}) == set()
	found(["s"], false, {"object": {"encoding": "utf-8"}}) == set()
	found(["s"], false, {"object": {"same_output": 2}}) == set()
}
