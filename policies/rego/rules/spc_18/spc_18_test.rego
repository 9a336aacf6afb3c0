package storewarden.rules.spc_18_test

import data.storewarden.fixture
import data.storewarden.rules.spc_18

found(name, trouble) := f if {
	entry := fixture.entry({"field": "f", "trouble": trouble, "state": "malformed", "object": {"name": name}})
	f := spc_18.finding with input as fixture.document({"entries": [entry]})
}

test_fires if {
	found("my_server", "") == {{"code": "SPC-18", "entry": 0, "field": "f.objectName", "variant": "", "args": {"suggested": "my-server"}}}
}

test_hints_at_a_file_name if {
	found("my-server.der", "") == {{"code": "SPC-18", "entry": 0, "field": "f.objectName", "variant": "file-name", "args": {"suggested": "my-server-der"}}}
}

test_silent_for_a_legal_name if found("my-server-der", "") == set()

test_silent_without_a_name if found("", "") == set()

test_silent_in_an_unreadable_object if found("my_server", "mapping") == set()
