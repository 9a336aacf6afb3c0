package storewarden.rules.spc_32_test

import data.storewarden.fixture
import data.storewarden.rules.spc_32

found(version, trouble) := f if {
	entry := fixture.entry({"field": "f", "trouble": trouble, "object": {"version": version}})
	f := spc_32.finding with input as fixture.document({"entries": [entry]})
}

test_fires if found("0123456789abcdef", "") == {{"code": "SPC-32", "entry": 0, "field": "f.objectVersion"}}

test_silent_without_one if found("", "") == set()

test_silent_in_an_unreadable_object if found("a", "not-mapping") == set()
