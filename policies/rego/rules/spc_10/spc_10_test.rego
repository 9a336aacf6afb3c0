package storewarden.rules.spc_10_test

import data.storewarden.fixture
import data.storewarden.rules.spc_10

document(trouble, users) := fixture.document({"spc": {"provider": "azure", "objects_trouble": trouble, "used_by": users}})

test_fires_when_it_is_used if {
	spc_10.finding == {{"code": "SPC-10", "field": "spec.parameters.objects", "args": {"syncs": "a"}}} with input as document("empty", ["a"])
}

test_silent_otherwise if {
	count(spc_10.finding) == 0 with input as document("empty", [])
	count(spc_10.finding) == 0 with input as document("", ["a"])
}
