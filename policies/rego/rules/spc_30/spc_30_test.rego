package storewarden.rules.spc_30_test

import data.storewarden.fixture
import data.storewarden.rules.spc_30

entry(id, alias, same) := fixture.entry({"id": id, "field": "f", "state": "decoded", "object": {"alias": alias, "same_output": same}})

found(entries) := f if {
	f := spc_30.finding with input as fixture.document({"entries": entries})
}

test_fires_for_each if {
	found([entry(0, "", 2), entry(1, "a", 2)]) == {
		{"code": "SPC-30", "entry": 0, "field": "f.objectName", "args": {"count": 2}},
		{"code": "SPC-30", "entry": 1, "field": "f.objectAlias", "args": {"count": 2}},
	}
}

test_silent_for_one if found([entry(0, "", 1)]) == set()

test_silent_for_a_malformed_one if found([object.union(entry(0, "", 2), {"state": "malformed"})]) == set()

test_silent_in_an_unreadable_object if found([object.union(entry(0, "", 2), {"trouble": "not-mapping"})]) == set()
