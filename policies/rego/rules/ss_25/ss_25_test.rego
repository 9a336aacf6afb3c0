package storewarden.rules.ss_25_test

import data.storewarden.fixture
import data.storewarden.rules.ss_25

found(near, role) := f if {
	f := ss_25.finding with input as fixture.document({"store": {"near": near, "role": role}})
}

test_fires if found("a", "") == {{"code": "SS-25", "field": "metadata.name", "args": {"near": "a"}}}

test_silent if {
	found("", "") == set()
	found("a", "tls-trust") == set()
}
