package storewarden.rules.kv_06_test

import data.storewarden.fixture
import data.storewarden.rules.kv_06

found(from, certificates) := f if {
	f := kv_06.finding with input as fixture.document({
		"now": 1780315200, "entries": [fixture.entry({"vault": {"not_before": from}})], "certificates": certificates,
	})
}

test_fires if {
	some f in found(1780401600, [fixture.certificate({})])
	f.args.day == "2026-06-02"
}

test_silent if {
	found(0, []) == set()
	found(1780315200, []) == set()
	found(1780401600, [fixture.certificate({"not_before": 1780401600})]) == set()
}
