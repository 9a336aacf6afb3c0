package storewarden.rules.spc_31_test

import data.storewarden.fixture
import data.storewarden.rules.spc_31

entry(id, state, otherwise, encoding) := fixture.entry({"id": id, "state": state, "object": {"otherwise": otherwise, "encoding": encoding}})

found(entries) := f if {
	f := spc_31.finding with input as fixture.document({"entries": entries})
}

test_fires if {
	found([entry(0, "unseen", ["b"], "hex"), entry(1, "decoded", ["a"], "")]) == {
		{"code": "SPC-31", "entry": 0, "args": {"others": "b", "declared": "objectEncoding: hex"}},
		{"code": "SPC-31", "entry": 1, "args": {"others": "a", "declared": "no objectEncoding"}},
	}
}

test_silent_where_one_is_told if found([entry(0, "undecodable", ["b"], "hex"), entry(1, "decoded", ["a"], "")]) == set()

test_silent_for_one if found([entry(0, "decoded", [], "hex")]) == set()

test_silent_on_a_malformed_one if {
	count(found([entry(0, "malformed", ["b"], "hexx"), entry(1, "unseen", ["a"], "")])) == 1
}

test_fires_beside_what_is_undecodable_for_another_reason if {
	count(found([entry(0, "decoded", ["b"], "hex"), entry(1, "decoded", ["a"], ""), entry(2, "undecodable", [], "hex")])) == 2
}
