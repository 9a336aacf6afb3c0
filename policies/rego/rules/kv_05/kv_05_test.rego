package storewarden.rules.kv_05_test

import data.storewarden.fixture
import data.storewarden.rules.kv_05

found(expires, certificates) := f if {
	f := kv_05.finding with input as fixture.document({
		"now": 1780315200, "entries": [fixture.entry({"vault": {"expires": expires}})], "certificates": certificates,
	})
}

test_fires if {
	some f in found(1780228800, [fixture.certificate({"not_after": 1880315200})])
	f.args.day == "2026-05-31"
}

test_silent if {
	found(0, []) == set()
	found(1780315200, []) == set()
	found(1780228800, [fixture.certificate({"not_after": 1780228800})]) == set()
}
