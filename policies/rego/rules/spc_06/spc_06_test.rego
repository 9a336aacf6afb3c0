package storewarden.rules.spc_06_test

import data.storewarden.fixture
import data.storewarden.rules.spc_06

found(provider, ignored) := f if {
	f := spc_06.finding with input as fixture.document({"spc": {"provider": provider, "tenant": {"value": "t"}, "ignored_tenant": ignored}})
}

test_fires if {
	found("azure", "u") == {{"code": "SPC-06", "field": "spec.parameters.tenantId", "args": {"tenant": "t", "ignored": "u"}}}
}

test_silent_with_one_tenant if found("azure", "") == set()

test_silent_for_another_provider if found("vault", "u") == set()
