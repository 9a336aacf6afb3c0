package storewarden.rules.sec_03_test

import data.storewarden.fixture
import data.storewarden.rules.sec_03

document(role, kind) := fixture.document({"entries": [fixture.entry({"role": role, "content": {"kind": kind}})]})

test_fires_in_every_known_store if {
	every role in ["opcua-trust", "opcua-client", "device-credential"] {
		sec_03.finding == {{"code": "SEC-03", "entry": 0}} with input as document(role, "empty")
	}
}

test_silent_for_contents if {
	count(sec_03.finding) == 0 with input as document("opcua-trust", "certificate")
}

test_silent_where_the_store_is_unknown if {
	count(sec_03.finding) == 0 with input as document("", "empty")
}
