package storewarden.rules.kv_10_test

import data.storewarden.fixture
import data.storewarden.rules.kv_10

found(tag, backed, kind) := f if {
	f := kv_10.finding with input as fixture.document({"entries": [fixture.entry({
		"state": "decoded", "role": "opcua-trust", "suits": kind == "certificate",
		"vault": {"file_encoding": tag, "certificate_resource": backed}, "content": {"kind": kind, "format": "der"},
	})]})
}

test_fires if {
	some f in found("", false, "certificate")
	f.entry == 0
}

test_silent if {
	found("hex", false, "certificate") == set()
	found("", true, "certificate") == set()
	found("", false, "text") == set()
}
