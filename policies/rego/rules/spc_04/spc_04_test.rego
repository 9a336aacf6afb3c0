package storewarden.rules.spc_04_test

import data.storewarden.fixture
import data.storewarden.rules.spc_04

found(name) := f if {
	f := spc_04.finding with input as fixture.document({"spc": {"provider": "azure", "vault": {"value": name, "field": "f"}}})
}

test_fires if {
	every name in ["kv", "my_vault", "1vault", "my vault", "a23456789012345678901234x", "vault-"] {
		found(name) == {{"code": "SPC-04", "field": "f", "args": {"value": name}}}
	}
}

test_names_the_bare_vault if {
	every name in ["https://my-aio-kv.vault.azure.net/", "my-aio-kv.vault.azure.net", "HTTPS://my-aio-kv/"] {
		found(name) == {{"code": "SPC-04", "field": "f", "variant": "url", "args": {"value": name, "bare": "my-aio-kv"}}}
	}
}

test_fires_for_two_hyphens if count(found("my--vault")) == 1

test_silent_for_a_name if {
	every name in ["kv1", "my-aio-kv", "A23456789012345678901234"] {
		found(name) == set()
	}
}

test_silent_without_one if found("") == set()

test_silent_for_another_provider if {
	count(spc_04.finding) == 0 with input as fixture.document({"spc": {"provider": "gcp", "vault": {"value": "kv"}}})
}
