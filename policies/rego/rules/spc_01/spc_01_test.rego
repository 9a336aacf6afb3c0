package storewarden.rules.spc_01_test

import data.storewarden.fixture
import data.storewarden.rules.spc_01

found(spc) := f if {
	f := spc_01.finding with input as fixture.document({"spc": spc})
}

test_fires_for_a_slip if {
	found({"provider": "Azure", "near_azure": true}) == {{"code": "SPC-01", "field": "spec.provider", "variant": ""}}
}

test_fires_for_none if {
	found({"provider": "", "near_azure": true}) == {{"code": "SPC-01", "field": "spec.provider", "variant": "empty"}}
}

test_fires_for_another_that_is_used if count(found({"provider": "vault", "used_by": ["s"]})) == 1

test_silent_for_another if found({"provider": "vault"}) == set()

test_silent_for_azure if found({"provider": "azure", "near_azure": true, "used_by": ["s"]}) == set()
