package storewarden.rules.spc_24_test

import data.storewarden.fixture
import data.storewarden.rules.spc_24

found(encoding, state, vault) := f if {
	entry := fixture.entry({"field": "f", "state": state, "object": {"encoding": encoding}, "vault": vault})
	f := spc_24.finding with input as fixture.document({"entries": [entry]})
}

test_fires if {
	found("Base64", "undecodable", {"mismatch": "hex"}) == {{"code": "SPC-24", "entry": 0, "field": "f"}}
	found("base64", "undecodable", {"mismatch": "other", "looks": "hex"}) == {{"code": "SPC-24", "entry": 0, "field": "f"}}
}

test_silent_for_other_defects if found("base64", "undecodable", {"mismatch": "pem", "looks": "utf-8"}) == set()

test_silent_for_hex if found("hex", "undecodable", {"mismatch": "odd-length", "looks": "hex"}) == set()

test_silent_when_decoded if found("base64", "decoded", {"looks": "base64"}) == set()

test_silent_for_what_decodes if found("base64", "decoded", {"looks": "hex"}) == set()
