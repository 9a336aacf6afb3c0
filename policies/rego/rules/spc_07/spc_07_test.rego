package storewarden.rules.spc_07_test

import data.storewarden.fixture
import data.storewarden.rules.spc_07

found(client, spelling, used) := f if {
	f := spc_07.finding with input as fixture.document({"spc": {
		"provider": "azure", "has_parameters": true, "client": {"value": client}, "client_spelling": spelling, "used_by": used,
	}})
}

test_fires if {
	found("", "", ["a"]) == {{"code": "SPC-07", "field": "spec.parameters.clientID", "args": {"syncs": "a"}}}
}

test_fires_for_another_spelling if {
	found("", "clientId", []) == {{
		"code": "SPC-07", "field": "spec.parameters.clientId", "severity": "warn", "variant": "spelling",
		"args": {"spelling": "clientId"},
	}}
}

test_silent_with_a_client if found("c", "clientId", ["a"]) == set()

test_silent_for_a_mounted_class if found("", "", []) == set()

test_silent_for_another_provider if {
	every spelling in ["", "clientId"] {
		count(spc_07.finding) == 0 with input as fixture.document({"spc": {
			"provider": "gcp", "has_parameters": true, "client_spelling": spelling, "used_by": ["a"],
		}})
	}
}
