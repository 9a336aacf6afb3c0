package storewarden.rules.spc_22_test

import data.storewarden.fixture
import data.storewarden.rules.spc_22

found(kind, encoding, mismatch, wrapped) := tagged(kind, encoding, mismatch, wrapped, "")

tagged(kind, encoding, mismatch, wrapped, tag) := f if {
	entry := fixture.entry({
		"field": "f", "state": "undecodable", "object": {"encoding": encoding},
		"vault": {"mismatch": mismatch, "file_encoding": tag}, "content": {"wrapped": wrapped},
	})
	f := spc_22.finding with input as fixture.document({"subject": {"kind": kind}, "entries": [entry]})
}

test_fires if {
	found("SecretProviderClass", "", "wrapped", "hex") == {{
		"code": "SPC-22", "entry": 0, "field": "f.objectEncoding",
		"args": {"declared": "objectEncoding: hex is missing"}, "variant": "",
	}}
	found("SecretSync", "UTF-8", "wrapped", "hex") == {{
		"code": "SPC-22", "entry": 0, "field": "f",
		"args": {"declared": "objectEncoding is utf-8"}, "variant": "",
	}}
}

test_leaves_base64_to_another if found("SecretSync", "", "wrapped", "base64") == set()

test_silent_when_declared if found("SecretSync", "hex", "wrapped", "hex") == set()

test_silent_for_text if found("SecretSync", "", "", "") == set()

test_silent_where_no_vault_is_behind_it if found("SecretSync", "", "", "hex") == set()

test_certain_where_the_tag_says_so_too if {
	variants := {[tag, encoding]: v |
		some tag in ["", "hex", "HEX", "utf-8"]
		some encoding in ["", "utf-8"]
		some f in tagged("SecretProviderClass", encoding, "wrapped", "hex", tag)
		v := f.variant
	}
	variants == {
		["", ""]: "", ["hex", ""]: "tagged", ["HEX", ""]: "tagged", ["utf-8", ""]: "",
		["", "utf-8"]: "", ["hex", "utf-8"]: "", ["HEX", "utf-8"]: "", ["utf-8", "utf-8"]: "",
	}
}
