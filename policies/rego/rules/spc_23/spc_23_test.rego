package storewarden.rules.spc_23_test

import data.storewarden.fixture
import data.storewarden.rules.spc_23

found(encoding, vault) := f if {
	entry := fixture.entry({
		"field": "f", "state": "undecodable", "key": "a.der", "ext": ".der",
		"object": {"name": "a", "encoding": encoding}, "vault": vault,
	})
	f := spc_23.finding with input as fixture.document({"subject": {"kind": "SecretProviderClass"}, "entries": [entry]})
}

test_fires if {
	found("hex", {"mismatch": "other"}) == {{
		"code": "SPC-23", "entry": 0, "field": "f.objectEncoding", "variant": "",
		"args": {"upload": "--file ./a.der --encoding hex --content-type application/pkix-cert"},
	}}
}

test_tells_what_it_is_instead if {
	every mismatch in ["pem", "base64"] {
		some f in found("HEX", {"mismatch": mismatch})
		f.variant == mismatch
	}
}

test_fires_for_base64 if {
	every mismatch in ["pem", "other"] {
		count(found("base64", {"mismatch": mismatch})) == 1
	}
}

test_leaves_spoilt_hex_to_another if {
	every mismatch in ["odd-length", "hex-prefix", "colons", "whitespace"] {
		found("hex", {"mismatch": mismatch}) == set()
	}
}

test_leaves_hex_under_base64_to_another if {
	found("base64", {"mismatch": "other", "looks": "hex"}) == set()
	found("base64", {"mismatch": "hex"}) == set()
}

test_silent_when_decoded if {
	count(spc_23.finding) == 0 with input as fixture.document({"entries": [fixture.entry({"state": "decoded", "object": {"encoding": "hex"}})]})
}
