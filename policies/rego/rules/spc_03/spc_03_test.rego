package storewarden.rules.spc_03_test

import data.storewarden.fixture
import data.storewarden.rules.spc_03

found(spc) := f if {
	f := spc_03.finding with input as fixture.document({"spc": object.union({"provider": "azure", "has_parameters": true}, spc)})
}

test_fires if found({"vault": {"field": "f"}}) == {{"code": "SPC-03", "field": "f"}}

test_silent_with_a_vault if found({"vault": {"value": "my-aio-kv"}}) == set()

test_silent_without_parameters if found({"has_parameters": false}) == set()

test_silent_for_another_provider if found({"provider": "gcp"}) == set()
