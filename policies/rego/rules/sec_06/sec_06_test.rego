package storewarden.rules.sec_06_test

import data.storewarden.fixture
import data.storewarden.rules.sec_06

found(managed, synced, mapped) := f if {
	f := sec_06.finding with input as fixture.document({
		"secret": {"managed": managed, "synced": synced}, "entries": [fixture.entry({"mapped": mapped})],
	})
}

test_fires if found(true, true, false) == {{"code": "SEC-06", "entry": 0}}

test_silent if {
	found(true, true, true) == set()
	found(false, true, false) == set()
	found(true, false, false) == set()
}
