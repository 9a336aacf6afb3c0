package storewarden.rules.spc_17_test

import data.storewarden.fixture
import data.storewarden.rules.spc_17

found(fields) := f if {
	f := spc_17.finding with input as fixture.document({"entries": [fixture.entry(object.union({"field": "f"}, fields))]})
}

test_fires if {
	found({"object": {"type": "secret"}}) == {{"code": "SPC-17", "entry": 0, "field": "f.objectName", "variant": ""}}
}

test_says_that_all_is_missing if {
	some f in found({})
	f.variant == "empty"
}

test_silent_with_a_name if found({"object": {"name": "my-server-der"}}) == set()

test_silent_in_an_unreadable_object if found({"trouble": "mapping"}) == set()

test_silent_beside_a_misspelt_name if {
	found({"object": {"type": "secret", "unknown": [{"name": "objectname", "suggestion": "objectName"}]}}) == set()
}

test_fires_beside_another_misspelt_field if {
	count(found({"object": {"type": "secret", "unknown": [{"name": "a", "suggestion": "objectAlias"}]}})) == 1
}
