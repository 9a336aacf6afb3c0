package storewarden.rules.spc_13_test

import data.storewarden.fixture
import data.storewarden.rules.spc_13

document(trouble) := fixture.document({"entries": [fixture.entry({"trouble": trouble})]})

test_fires if {
	spc_13.finding == {{"code": "SPC-13", "entry": 0}} with input as document("not-mapping")
}

test_silent_otherwise if {
	every trouble in ["", "mapping"] {
		count(spc_13.finding) == 0 with input as document(trouble)
	}
}
