package storewarden.rules.spc_26_test

import data.storewarden.fixture
import data.storewarden.rules.spc_26

found(object, trouble) := f if {
	entry := fixture.entry({"field": "f", "trouble": trouble, "object": object})
	f := spc_26.finding with input as fixture.document({"entries": [entry]})
}

test_fires if {
	every type in ["cert", "key"] {
		found({"type": type, "encoding": "hex"}, "") == {{"code": "SPC-26", "entry": 0, "field": "f.objectEncoding"}}
	}
}

test_silent_for_a_secret if found({"type": "secret", "encoding": "hex"}, "") == set()

test_silent_without_one if found({"type": "cert"}, "") == set()

test_silent_in_an_unreadable_object if found({"type": "cert", "encoding": "hex"}, "not-mapping") == set()
