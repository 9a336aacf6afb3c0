package storewarden.rules.spc_22_test

import data.storewarden.fixture
import data.storewarden.rules.spc_22

found(kind, encoding, mismatch, wrapped) := f if {
	entry := fixture.entry({
		"field": "f", "state": "undecodable", "object": {"encoding": encoding},
		"vault": {"mismatch": mismatch}, "content": {"wrapped": wrapped},
	})
	f := spc_22.finding with input as fixture.document({"subject": {"kind": kind}, "entries": [entry]})
}

test_fires if {
	found("SecretProviderClass", "", "wrapped", "hex") == {{
		"code": "SPC-22", "entry": 0, "field": "f.objectEncoding",
		"args": {"declared": "objectEncoding: hex is missing"},
	}}
	found("SecretSync", "UTF-8", "wrapped", "hex") == {{
		"code": "SPC-22", "entry": 0, "field": "f",
		"args": {"declared": "objectEncoding is utf-8"},
	}}
}

test_leaves_base64_to_another if found("SecretSync", "", "wrapped", "base64") == set()

test_silent_when_declared if found("SecretSync", "hex", "wrapped", "hex") == set()

test_silent_for_text if found("SecretSync", "", "", "") == set()

test_silent_where_no_vault_is_behind_it if found("SecretSync", "", "", "hex") == set()
