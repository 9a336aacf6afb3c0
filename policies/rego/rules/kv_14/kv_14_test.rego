package storewarden.rules.kv_14_test

import data.storewarden.fixture
import data.storewarden.rules.kv_14

document(encoding, mismatch) := fixture.document({"entries": [fixture.entry({
	"key": "a.der", "ext": ".der", "state": "undecodable",
	"object": {"name": "a", "encoding": encoding},
	"vault": {"mismatch": mismatch},
})]})

test_names_each_flaw if {
	every flaw in ["odd-length", "hex-prefix", "colons", "whitespace"] {
		kv_14.finding == {{
			"code": "KV-14", "entry": 0, "variant": flaw,
			"args": {"upload": "--file ./a.der --encoding hex --content-type application/pkix-cert"},
		}} with input as document("Hex", flaw)
	}
}

test_silent_for_what_is_no_hex_at_all if {
	every mismatch in ["", "pem", "base64", "other"] {
		count(kv_14.finding) == 0 with input as document("hex", mismatch)
	}
}

test_silent_where_hex_is_not_declared if {
	count(kv_14.finding) == 0 with input as document("", "whitespace")
}
