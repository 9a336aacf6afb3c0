package storewarden.rules.ss_04_test

import data.storewarden.fixture
import data.storewarden.rules.ss_04

found(key, same) := f if {
	f := ss_04.finding with input as fixture.document({"entries": [fixture.entry({"field": "f", "key": key, "same_key": same})]})
}

test_fires if found("a.der", 2) == {{"code": "SS-04", "entry": 0, "field": "f.targetKey", "args": {"count": 2}}}

test_silent if {
	found("a.der", 1) == set()
	found("", 2) == set()
}
