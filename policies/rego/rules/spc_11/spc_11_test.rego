package storewarden.rules.spc_11_test

import data.storewarden.fixture
import data.storewarden.rules.spc_11

document(provider, trouble) := fixture.document({"spc": {"provider": provider, "objects_trouble": trouble}})

test_fires if {
	spc_11.finding == {{"code": "SPC-11", "field": "spec.parameters.objects"}} with input as document("azure", "unparseable")
}

test_silent_otherwise if {
	every trouble in ["", "missing", "empty"] {
		count(spc_11.finding) == 0 with input as document("azure", trouble)
	}
}

# The providers of AWS and HashiCorp want a bare list.
test_silent_for_another_provider if {
	count(spc_11.finding) == 0 with input as document("aws", "unparseable")
}
