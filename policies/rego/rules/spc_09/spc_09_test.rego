package storewarden.rules.spc_09_test

import data.storewarden.fixture
import data.storewarden.rules.spc_09

found(operation, spc) := f if {
	f := spc_09.finding with input as fixture.document({
		"operation": operation,
		"spc": object.union({"provider": "azure", "has_parameters": true, "objects_trouble": "missing"}, spc),
	})
}

test_denies_when_used if {
	found("create", {"used_by": ["a", "b"]}) == {{"code": "SPC-09", "field": "spec.parameters.objects", "args": {"syncs": "a, b"}}}
}

test_informs_otherwise if {
	found("update", {}) == {{"code": "SPC-09", "field": "spec.parameters.objects", "variant": "unused", "severity": "info"}}
	found("update", {"had_objects": true}) == found("update", {})
}

test_silent_with_objects if found("create", {"objects_trouble": "", "used_by": ["a"]}) == set()

test_silent_without_parameters if found("create", {"has_parameters": false}) == set()

test_silent_for_another_provider if found("create", {"provider": "gcp", "used_by": ["a"]}) == set()

test_silent_with_objects_that_nobody_maps if {
	found("create", {"objects_trouble": ""}) == set()
	found("update", {"objects_trouble": "", "had_objects": true}) == set()
}
