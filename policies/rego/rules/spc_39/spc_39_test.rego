package storewarden.rules.spc_39_test

import data.storewarden.fixture
import data.storewarden.rules.spc_39

removed := [fixture.removed({"name": "my-server-der", "output": "o", "sync": "s", "key": "k", "role": "opcua-trust"})]

found(operation, entries) := f if {
	f := spc_39.finding with input as fixture.document({"operation": operation, "removed": removed, "entries": entries})
}

test_fires if {
	found("update", []) == {{
		"code": "SPC-39", "field": "spec.parameters.objects",
		"args": {"name": "my-server-der", "output": "o", "sync": "s", "key": "k"},
	}}
}

test_fires_beside_others if {
	count(found("update", [fixture.entry({"name": "other", "state": "malformed", "object": {"output": "other"}})])) == 1
}

test_silent_without_an_update if found("create", []) == set()

test_silent_for_a_new_path if found("update", [fixture.entry({"object": {"output": "o", "history": 2}})]) == set()

test_silent_beside_an_unreadable_name if {
	every name in ["", "my-server.der"] {
		found("update", [fixture.entry({"name": name, "state": "malformed"})]) == set()
	}
}

test_silent_where_nothing_goes if {
	count(spc_39.finding) == 0 with input as fixture.document({"operation": "update"})
}
