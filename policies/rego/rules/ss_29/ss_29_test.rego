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
