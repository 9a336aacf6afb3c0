package storewarden.rules.ss_27_test

import data.storewarden.fixture
import data.storewarden.rules.ss_27

found(occupied) := f if {
	f := ss_27.finding with input as fixture.document({"sync": {"occupied": occupied}})
}

test_fires if found(true) == {{"code": "SS-27", "field": "metadata.name"}}

test_silent if found(false) == set()
