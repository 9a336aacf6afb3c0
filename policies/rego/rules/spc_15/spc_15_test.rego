package storewarden.rules.spc_15_test

import data.storewarden.fixture
import data.storewarden.rules.spc_15

found(fields, unknown) := f if {
	entry := fixture.entry(object.union(fields, {"field": "f", "object": {"unknown": unknown}}))
	f := spc_15.finding with input as fixture.document({"entries": [entry]})
}

test_fires_for_a_misspelt_field if {
	found({}, [{"name": "objectTyp", "suggestion": "objectType"}]) == {{
		"code": "SPC-15", "entry": 0, "field": "f.objectTyp", "variant": "",
		"args": {"unknown": "objectTyp", "known": "objectType"},
	}}
}

test_fires_for_each_field if {
	some f in found({}, [{"name": "colour", "suggestion": ""}, {"name": "encoding", "suggestion": "objectEncoding"}])
	f.variant == "unlike"
	f.field == "f.colour"
}

test_silent_without_one if found({}, []) == set()

# What was read before the trouble is not the whole object.
test_silent_in_an_unreadable_object if found({"trouble": "not-mapping"}, [{"name": "a", "suggestion": ""}]) == set()
