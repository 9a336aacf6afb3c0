package storewarden.rules.ss_29_test

import data.storewarden.fixture
import data.storewarden.rules.ss_29

found(anchored) := f if {
	f := ss_29.finding with input as fixture.document({"sync": {"anchored": anchored, "anchor": "root.der"}})
}

test_fires if {
	found(["CN=CA"]) == {{"code": "SS-29", "field": "spec.secretObject.data", "args": {"anchor": "root.der", "issuers": "CN=CA"}}}
}

test_silent if found([]) == set()

referred(has, had) := f if {
	f := ss_29.finding with input as fixture.document({"referrers": [fixture.referrer({
		"kind": "Device", "name": "press-1", "use": "certificate", "key": "c", "has": has, "had": had,
	})]})
}

test_a_key_that_is_named if {
	referred(false, true) == {{
		"code": "SS-29", "field": "spec.secretObject.data", "variant": "named", "severity": "deny",
		"args": {"user": "Device press-1", "use": "certificate", "key": "c"},
	}}
	referred(true, true) == set()
	referred(false, false) == set()
}
