package storewarden.rules.spc_23_test

import data.storewarden.fixture
import data.storewarden.rules.spc_23

found(encoding, mismatch) := f if {
	entry := fixture.entry({
		"field": "f", "state": "undecodable", "key": "a.der", "stem": "a", "ext": ".der",
		"object": {"name": "a", "encoding": encoding}, "vault": {"mismatch": mismatch},
	})
	f := spc_23.finding with input as fixture.document({"subject": {"kind": "SecretProviderClass"}, "spc": {"name": "spc"}, "entries": [entry]})
}

test_fires if {
	found("hex", "other") == {{
		"code": "SPC-23", "entry": 0, "field": "f.objectEncoding", "variant": "",
		"args": {
			"upload": "--file ./a.der --encoding hex --content-type application/pkix-cert",
			"keep": "; or keep the secret and remove the line objectEncoding: hex of a in SecretProviderClass spc, and rename the target key to a.crt",
		},
	}}
}

test_tells_what_it_is_instead if {
	every mismatch in ["pem", "base64"] {
		some f in found("HEX", mismatch)
		f.variant == mismatch
	}
}

test_leaves_spoilt_hex_to_another if {
	every mismatch in ["odd-length", "hex-prefix", "colons", "whitespace"] {
		found("hex", mismatch) == set()
	}
}

test_silent_for_another_encoding if {
	found("base64", "pem") == set()
	found("", "wrapped") == set()
}

test_silent_when_decoded if found("hex", "") == set()

test_keeps_what_its_key_suits if {
	every ext, end in {".crt": "SecretProviderClass spc", "": "SecretProviderClass spc", ".CRL": ""} {
		entry := fixture.entry({"ext": ext, "object": {"name": "a", "encoding": "hex"}, "vault": {"mismatch": "pem"}})
		fs := spc_23.finding with input as fixture.document({"spc": {"name": "spc"}, "entries": [entry]})
		some f in fs
		endswith(f.args.keep, end)
		not contains(f.args.keep, "rename")
	}
}
