package storewarden.rules.ss_31_test

import data.storewarden.fixture
import data.storewarden.rules.ss_31

found(key, twin, role) := f if {
	f := ss_31.finding with input as fixture.document({"entries": [fixture.entry({"key": key, "twin": twin, "role": role})]})
}

test_fires if found("b.der", "a.der", "opcua-trust") == {{"code": "SS-31", "entry": 0, "args": {"twin": "a.der"}}}

test_silent if {
	found("a.der", "b.der", "opcua-trust") == set()
	found("b.der", "", "opcua-trust") == set()
	found("privateKey", "certificate", "device-credential") == set()
}
