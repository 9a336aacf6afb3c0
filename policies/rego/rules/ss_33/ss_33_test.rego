package storewarden.rules.ss_33_test

import data.storewarden.fixture
import data.storewarden.rules.ss_33

found(size) := f if {
	f := ss_33.finding with input as fixture.document({"sync": {"size": size}})
}

test_fires if found(1048577) == {{"code": "SS-33", "field": "spec.secretObject.data", "args": {"size": 1025}}}

test_silent if found(1048576) == set()
