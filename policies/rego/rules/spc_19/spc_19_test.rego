package storewarden.rules.spc_19_test

import data.storewarden.fixture
import data.storewarden.rules.spc_19

found(fields) := f if {
	f := spc_19.finding with input as fixture.document({"entries": [fixture.entry(object.union({"field": "f"}, fields))]})
}

test_fires if {
	every type in ["Secret", "secrets", "certificate"] {
		found({"object": {"type": type}}) == {{"code": "SPC-19", "entry": 0, "field": "f.objectType"}}
	}
}

test_fires_without_one if {
	found({"object": {"name": "a"}}) == {{"code": "SPC-19", "entry": 0, "field": "f.objectType", "variant": "missing"}}
}

test_fires_beside_another_misspelt_field if {
	count(found({"object": {"unknown": [{"name": "objectname", "suggestion": "objectName"}]}})) == 1
}

test_silent_for_the_known if {
	every type in ["secret", "cert", "key"] {
		found({"object": {"name": "a", "type": type}}) == set()
	}
}

test_silent_in_an_empty_object if found({}) == set()

test_silent_in_an_unreadable_object if {
	found({"trouble": "mapping", "object": {"name": "a"}}) == set()
	found({"trouble": "mapping", "object": {"type": "a"}}) == set()
}

test_silent_beside_a_misspelt_type if {
	found({"object": {"name": "a", "unknown": [{"name": "objectTyp", "suggestion": "objectType"}]}}) == set()
}
