package storewarden.rules.spc_16_test

import data.storewarden.fixture
import data.storewarden.rules.spc_16

found(dropped, trouble) := f if {
	f := spc_16.finding with input as fixture.document({"entries": [fixture.entry({"trouble": trouble, "object": {"dropped": dropped}})]})
}

test_fires if found(true, "") == {{"code": "SPC-16", "entry": 0}}

test_silent_for_one_document if found(false, "") == set()

test_silent_for_what_cannot_be_read if found(true, "not-mapping") == set()
