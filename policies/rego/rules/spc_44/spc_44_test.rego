package storewarden.rules.spc_44_test

import data.storewarden.fixture
import data.storewarden.rules.spc_44

found(permission) := f if {
	f := spc_44.finding with input as fixture.document({"entries": [fixture.entry({"field": "f", "object": {"file_permission": permission}})]})
}

test_fires if {
	found("rw-r--r--") == {{"code": "SPC-44", "entry": 0, "field": "f.filePermission", "args": {"permission": "rw-r--r--"}}}
}

test_silent if {
	every permission in ["", "0644", "644", "0o600"] {
		found(permission) == set()
	}
}

test_silent_in_an_unreadable_object if {
	count(spc_44.finding) == 0 with input as fixture.document({"entries": [fixture.entry({"trouble": "mapping", "object": {"file_permission": "rw-r--r--"}})]})
}
