package storewarden.rules.spc_21_test

import data.storewarden.fixture
import data.storewarden.rules.spc_21

document(role, type) := fixture.document({"entries": [fixture.entry({"field": "f", "role": role, "object": {"type": type}})]})

test_fires if {
	spc_21.finding == {{"code": "SPC-21", "entry": 0, "field": "f"}} with input as document("opcua-trust", "key")
}

test_silent_for_a_secret if {
	count(spc_21.finding) == 0 with input as document("opcua-trust", "secret")
}

test_silent_for_an_unknown_store if {
	count(spc_21.finding) == 0 with input as document("", "key")
}
