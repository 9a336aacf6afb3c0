package storewarden.rules.kv_08_test

import data.storewarden.fixture
import data.storewarden.rules.kv_08

found(type, kind) := f if {
	f := kv_08.finding with input as fixture.document({"entries": [fixture.entry({
		"state": "decoded", "role": "opcua-trust", "suits": kind == "certificate",
		"vault": {"content_type": type}, "content": {"kind": kind, "format": "der"},
	})]})
}

test_fires if found("", "certificate") == {{"code": "KV-08", "entry": 0}}

test_silent if {
	found("application/pkix-cert", "certificate") == set()
	found("", "text") == set()
}
