package storewarden.rules.spc_41_test

import data.storewarden.fixture
import data.storewarden.rules.spc_41

found(projected, changed) := f if {
	f := spc_41.finding with input as fixture.document({"subject": {"projected": projected, "changed": changed}})
}

test_fires if found(true, true) == {{"code": "SPC-41", "field": "spec"}}

test_silent if {
	found(true, false) == set()
	found(false, true) == set()
}
