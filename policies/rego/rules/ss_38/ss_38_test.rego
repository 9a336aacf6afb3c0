package storewarden.rules.ss_38_test

import data.storewarden.fixture
import data.storewarden.rules.ss_38

found(writers) := f if {
	f := ss_38.finding with input as fixture.document({"sync": {"writers": writers}})
}

test_fires if found(["a"]) == {{"code": "SS-38", "field": "metadata.name", "args": {"classes": "a"}}}

test_silent if found([]) == set()
