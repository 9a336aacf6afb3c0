package storewarden.rules.spc_33_test

import data.storewarden.fixture
import data.storewarden.rules.spc_33

found(kind, fields) := f if {
	entry := fixture.entry(object.union({"field": "f"}, fields))
	f := spc_33.finding with input as fixture.document({"subject": {"kind": kind}, "entries": [entry]})
}

test_fires_for_the_class if {
	found("SecretProviderClass", {"object": {"history": 2}, "misses": ["a", "b"]}) == {{
		"code": "SPC-33", "entry": 0, "field": "f.objectVersionHistory", "args": {"syncs": "a, b"},
	}}
}

test_fires_for_the_mapping if {
	found("SecretSync", {"near": "history", "state": "unresolved"}) == {{"code": "SPC-33", "entry": 0, "field": "f.sourcePath", "variant": "mapping"}}
}

test_silent_where_nobody_misses_it if found("SecretProviderClass", {"object": {"history": 3}}) == set()

test_silent_without_a_history if found("SecretProviderClass", {"object": {"history": 1}, "misses": ["a"]}) == set()

test_silent_for_another_cause if found("SecretSync", {"near": "file-name", "state": "unresolved"}) == set()

test_silent_when_resolved if found("SecretSync", {"near": "history", "state": "decoded"}) == set()

test_leaves_a_mapping_to_the_other_wording if found("SecretSync", {"object": {"history": 2}, "misses": ["a"]}) == set()
