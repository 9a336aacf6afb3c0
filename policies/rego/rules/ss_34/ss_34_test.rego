package storewarden.rules.ss_34_test

import data.storewarden.fixture
import data.storewarden.rules.ss_34

found(force) := f if {
	f := ss_34.finding with input as fixture.document({"sync": {"force": force}})
}

test_fires if {
	found("-now") == {{"code": "SS-34", "field": "spec.forceSynchronization", "args": {"force": "-now"}}}
	count(found(concat("", ["a" | some _ in numbers.range(1, 254)]))) == 1
}

test_silent if {
	every force in ["", "x", "t1767225600", "any-new-value"] {
		found(force) == set()
	}
}
