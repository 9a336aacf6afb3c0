package storewarden.rules.spc_14_test

import data.storewarden.fixture
import data.storewarden.rules.spc_14

found(trouble) := f if {
	f := spc_14.finding with input as fixture.document({"entries": [fixture.entry({"trouble": trouble})]})
}

test_fires if found("duplicate") == {{"code": "SPC-14", "entry": 0}}

test_silent_otherwise if {
	every trouble in ["", "mapping", "not-mapping", "history"] {
		found(trouble) == set()
	}
}
