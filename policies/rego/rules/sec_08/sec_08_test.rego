package storewarden.rules.sec_08_test

import data.storewarden.fixture
import data.storewarden.rules.sec_08

document(fixed, role) := fixture.document({"secret": {"immutable": fixed}, "store": {"role": role}})

test_fires_for_a_store if {
	sec_08.finding == {{"code": "SEC-08", "field": "immutable"}} with input as document(true, "opcua-trust")
}

test_silent_otherwise if {
	count(sec_08.finding) == 0 with input as document(false, "opcua-trust")
	count(sec_08.finding) == 0 with input as document(true, "")
}
