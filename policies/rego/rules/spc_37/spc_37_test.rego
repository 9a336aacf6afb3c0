package storewarden.rules.spc_37_test

import data.storewarden.fixture
import data.storewarden.rules.spc_37

found(synced, used) := f if {
	f := spc_37.finding with input as fixture.document({"spc": {
		"secret_objects": [{"name": "a", "field": "f", "synced": synced}], "used_by": used,
	}})
}

test_fires if found(true, []) == {{"code": "SPC-37", "field": "f", "args": {"name": "a"}}}

test_warns_of_what_is_ignored if {
	found(false, ["s"]) == {{"code": "SPC-37", "field": "f", "severity": "warn", "variant": "ignored", "args": {"name": "a"}}}
}

test_silent_for_a_mounted_class if found(false, []) == set()

test_silent_without if {
	count(spc_37.finding) == 0 with input as fixture.document({"spc": {"used_by": ["s"]}})
}
