package storewarden.rules.spc_40_test

import data.storewarden.fixture
import data.storewarden.rules.spc_40

document(operation, users) := fixture.document({"operation": operation, "spc": {"used_by": users}})

test_fires if {
	spc_40.finding == {{"code": "SPC-40", "field": "metadata.name", "args": {"syncs": "a, b"}}} with input as document("delete", ["a", "b"])
}

test_silent_when_unused if {
	count(spc_40.finding) == 0 with input as document("delete", [])
}

test_silent_otherwise if {
	count(spc_40.finding) == 0 with input as document("update", ["a"])
}
