package storewarden.rules.spc_02_test

import data.storewarden.fixture
import data.storewarden.rules.spc_02

document(provider, parameters) := fixture.document({"spc": {"provider": provider, "has_parameters": parameters}})

test_fires if {
	spc_02.finding == {{"code": "SPC-02", "field": "spec.parameters"}} with input as document("azure", false)
}

test_silent_with_parameters if {
	count(spc_02.finding) == 0 with input as document("azure", true)
}

test_silent_for_another_provider if {
	count(spc_02.finding) == 0 with input as document("gcp", false)
}
