package storewarden.rules.sec_05_test

import data.storewarden.fixture
import data.storewarden.rules.sec_05

found(label, owner, orphan) := f if {
	f := sec_05.finding with input as fixture.document({"operation": "update", "secret": {"lost_label": label, "lost_owner": owner, "orphan": orphan}})
}

test_fires if {
	found(true, false, false) == {{"code": "SEC-05", "field": "metadata", "args": {"marks": "the label secrets-store.sync.x-k8s.io"}}}
	some f in found(true, true, false)
	contains(f.args.marks, " and the reference")
}

test_silent if {
	found(false, false, false) == set()
	found(true, true, true) == set()
}

test_silent_when_it_is_made if {
	count(sec_05.finding) == 0 with input as fixture.document({"operation": "create", "secret": {"lost_label": true}})
}
