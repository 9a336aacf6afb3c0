package storewarden.rules.spc_12_test

import data.storewarden.fixture
import data.storewarden.rules.spc_12

document(trouble) := fixture.document({"entries": [fixture.entry({"name": "my-server-der", "trouble": trouble})]})

test_fires if {
	spc_12.finding == {{"code": "SPC-12", "entry": 0, "args": {"name": "my-server-der"}}} with input as document("mapping")
}

test_fires_without_a_name if {
	some f in spc_12.finding with input as fixture.document({"entries": [fixture.entry({"trouble": "mapping"})]})
	f.args.name == "NAME"
}

test_silent_otherwise if {
	every trouble in ["", "not-mapping"] {
		count(spc_12.finding) == 0 with input as document(trouble)
	}
}
