package storewarden.rules.ss_32_test

import data.storewarden.fixture
import data.storewarden.rules.ss_32

found(role, elsewhere) := f if {
	f := ss_32.finding with input as fixture.document({"certificates": [fixture.certificate({"role": role, "elsewhere": elsewhere})]})
}

test_fires if found("opcua-issuer", ["t/ca.der"]) == {{"code": "SS-32", "entry": 0, "certificate": 0, "args": {"elsewhere": "t/ca.der"}}}

test_silent if {
	found("opcua-trust", ["i/ca.der"]) == set()
	found("opcua-issuer", []) == set()
}
