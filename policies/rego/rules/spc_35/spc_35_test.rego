package storewarden.rules.spc_35_test

import data.storewarden.fixture
import data.storewarden.rules.spc_35

found(modes) := f if {
	f := spc_35.finding with input as fixture.document({"spc": {"provider": "azure", "modes": modes}})
}

mode(name, value, on, legal) := {"name": name, "value": value, "on": on, "legal": legal}

test_fires_for_two if {
	found([mode("a", "true", true, true), mode("b", "1", true, true)]) == {{
		"code": "SPC-35", "field": "spec.parameters.b", "args": {"first": "a", "second": "b"},
	}}
}

test_fires_for_text if {
	found([mode("a", "yes", false, false)]) == {{
		"code": "SPC-35", "field": "spec.parameters.a", "variant": "text", "args": {"mode": "a", "value": "yes"},
	}}
}

test_silent if {
	found([]) == set()
	found([mode("a", "true", true, true), mode("b", "false", false, true)]) == set()
}

test_silent_for_another_provider if {
	count(spc_35.finding) == 0 with input as fixture.document({"spc": {
		"provider": "gcp",
		"modes": [mode("a", "yes", true, false), mode("b", "true", true, true)],
	}})
}
