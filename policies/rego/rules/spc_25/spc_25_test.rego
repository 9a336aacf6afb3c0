package storewarden.rules.spc_25_test

import data.storewarden.fixture
import data.storewarden.rules.spc_25

found(encoding, trouble) := f if {
	entry := fixture.entry({"field": "f", "trouble": trouble, "state": "malformed", "object": {"encoding": encoding}})
	f := spc_25.finding with input as fixture.document({"entries": [entry]})
}

test_fires if found("binary", "") == {{"code": "SPC-25", "entry": 0, "field": "f.objectEncoding"}}

test_silent_for_the_known if {
	every encoding in ["", "hex", "HEX", "base64", "UTF-8"] {
		found(encoding, "") == set()
	}
}

test_silent_in_an_unreadable_object if found("binary", "not-mapping") == set()
