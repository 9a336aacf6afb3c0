package storewarden.rules.spc_38_test

import data.storewarden.fixture
import data.storewarden.rules.spc_38

found(vault, other, used) := f if {
	f := spc_38.finding with input as fixture.document({"spc": {
		"provider": "azure", "vault": {"value": vault, "field": "f"}, "instance": "spc-ops-1", "instance_vault": other, "used_by": used,
	}})
}

test_fires if {
	found("b", "a", ["s"]) == {{"code": "SPC-38", "field": "f", "args": {"own": "b", "other": "a", "instance": "spc-ops-1"}}}
}

test_silent if {
	found("A", "a", ["s"]) == set()
	found("b", "", ["s"]) == set()
	found("b", "a", []) == set()
	found("", "a", ["s"]) == set()
	found("https://b.vault.azure.net", "a", ["s"]) == set()
}
