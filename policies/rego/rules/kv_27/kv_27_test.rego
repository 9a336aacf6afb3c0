package storewarden.rules.kv_27_test

import data.storewarden.fixture
import data.storewarden.rules.kv_27

found(secret, vault) := f if {
	f := kv_27.finding with input as fixture.document({
		"spc": {"provider": "azure", "vault": {"value": "V", "field": "v"}, "vault_spelling": vault},
		"entries": [fixture.entry({"field": "f", "object": {"other_case": secret}})],
	})
}

test_fires if found("a", "") == {{"code": "KV-27", "entry": 0, "field": "f.objectName", "args": {"other": "a"}}}

test_fires_for_a_vault if {
	found("", "v") == {{"code": "KV-27", "field": "v", "variant": "vault", "args": {"own": "V", "other": "v"}}}
}

test_silent if found("", "") == set()
