package storewarden.rules.spc_05_test

import data.storewarden.fixture
import data.storewarden.rules.spc_05

found(value, fields) := f if {
	f := spc_05.finding with input as fixture.document({"spc": object.union({"provider": "azure", "has_parameters": true, "tenant": {"value": value, "field": "f"}}, fields)})
}

test_fires if found("contoso", {}) == {{"code": "SPC-05", "field": "f", "variant": "", "args": {"value": "contoso"}}}

test_fires_without_one if found("", {}) == {{"code": "SPC-05", "field": "f", "variant": "missing", "args": {"value": ""}}}

test_silent_for_a_guid if found("00000000-0000-0000-0000-00000000000A", {}) == set()

test_silent_without_parameters if found("", {"has_parameters": false}) == set()

test_silent_for_another_provider if found("", {"provider": "gcp"}) == set()

test_tells_that_entra_does_not_know_it if {
	fs := spc_05.finding with input as fixture.document({
		"subject": {"kind": "SecretProviderClass"},
		"spc": {"tenant": {"value": "11111111-2222-3333-4444-555555555555", "field": "f"}},
		"unverified": [fixture.unverified({"as_class": true, "code": "AADSTS90002", "message": "m"})],
	})
	fs == {{"code": "SPC-05", "field": "f", "variant": "unknown", "severity": "warn", "args": {"value": "11111111-2222-3333-4444-555555555555", "detail": "m"}}}
}
