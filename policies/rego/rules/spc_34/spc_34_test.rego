package storewarden.rules.spc_34_test

import data.storewarden.fixture
import data.storewarden.rules.spc_34

found(trouble) := f if {
	f := spc_34.finding with input as fixture.document({"entries": [fixture.entry({"trouble": trouble, "field": "f"})]})
}

test_fires if found("history") == {{"code": "SPC-34", "entry": 0, "field": "f.objectVersionHistory"}}

test_silent_otherwise if {
	every trouble in ["", "duplicate", "not-mapping"] {
		found(trouble) == set()
	}
}
