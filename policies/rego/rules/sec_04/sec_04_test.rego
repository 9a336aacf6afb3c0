package storewarden.rules.sec_04_test

import data.storewarden.fixture
import data.storewarden.rules.sec_04

found(managed, mapped, changed, removed) := f if {
	f := sec_04.finding with input as fixture.document({
		"operation": "update",
		"secret": {"managed": managed}, "removed": removed,
		"entries": [fixture.entry({"mapped": mapped, "changed": changed, "key": "a.der", "ext": ".der"})],
	})
}

test_fires if {
	some f in found(true, true, true, [])
	f.entry == 0
	contains(f.args.upload, "a.der")
}

test_fires_for_a_removal if {
	found(true, true, false, [fixture.removed({"key": "b.der"})]) == {{
		"code": "SEC-04", "field": "data[b.der]", "variant": "removed", "args": {"key": "b.der"},
	}}
}

test_silent if {
	found(true, false, true, []) == set()
	found(true, true, false, []) == set()
	found(false, true, true, [fixture.removed({"key": "b.der"})]) == set()
}

test_silent_without_an_update if {
	count(sec_04.finding) == 0 with input as fixture.document({
		"operation": "audit", "secret": {"managed": true},
		"entries": [fixture.entry({"mapped": true, "changed": true})],
		"removed": [fixture.removed({"key": "a.der"})],
	})
}
