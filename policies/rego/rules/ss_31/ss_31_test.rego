package storewarden.rules.ss_31_test

import data.storewarden.fixture
import data.storewarden.rules.ss_31

found(key, twins, role) := f if {
	f := ss_31.finding with input as fixture.document({"entries": [fixture.entry({"key": key, "twins": twins, "role": role})]})
}

test_fires if found("b.der", ["a.der", "c.der"], "opcua-trust") == {{"code": "SS-31", "entry": 0, "args": {"twins": "a.der, c.der"}}}

test_silent if {
	found("a.der", ["b.der"], "opcua-trust") == set()
	found("b.der", [], "opcua-trust") == set()
	found("ca.der", ["ca.crl"], "opcua-issuer") == set()
	found("privateKey", ["certificate"], "device-credential") == set()
}
