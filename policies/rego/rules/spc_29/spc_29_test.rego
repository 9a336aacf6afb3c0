package storewarden.rules.spc_29_test

import data.storewarden.fixture
import data.storewarden.rules.spc_29

found(alias, trouble) := f if {
	entry := fixture.entry({"field": "f", "trouble": trouble, "object": {"alias": alias}})
	f := spc_29.finding with input as fixture.document({"entries": [entry]})
}

test_fires if {
	found("/etc/ca.crt", "") == {{"code": "SPC-29", "entry": 0, "field": "f.objectAlias", "args": {"plain": "etc-ca.crt"}}}
	count(found("../ca.crt", "")) == 1
}

test_silent_for_a_plain_name if {
	every alias in ["", "my-server.der", "a/b"] {
		found(alias, "") == set()
	}
}

test_silent_in_an_unreadable_object if found("/a", "not-mapping") == set()
