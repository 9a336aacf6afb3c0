package storewarden.rules.kv_07_test

import data.storewarden.fixture
import data.storewarden.rules.kv_07

found(expires, kind) := f if {
	f := kv_07.finding with input as fixture.document({
		"now": 1780315200, "entries": [fixture.entry({"vault": {"expires": expires}, "content": {"kind": kind}})],
	})
}

test_fires if found(1780401600, "crl") == {{"code": "KV-07", "entry": 0, "args": {"day": "2026-06-02"}}}

test_silent if {
	found(0, "crl") == set()
	found(1780228800, "crl") == set()
	found(1790401600, "private-key") == set()
	found(1780401600, "certificate") == set()
}
