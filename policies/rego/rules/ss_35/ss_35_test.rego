package storewarden.rules.ss_35_test

import data.storewarden.fixture
import data.storewarden.rules.ss_35

found(marks) := f if {
	f := ss_35.finding with input as fixture.document({"sync": {"marks": marks}})
}

test_fires if {
	found([{"field": "l", "key": "secrets-store.sync.x-k8s.io"}]) == {{
		"code": "SS-35", "field": "l[secrets-store.sync.x-k8s.io]", "args": {"field": "l", "key": "secrets-store.sync.x-k8s.io"},
	}}
}

test_fires_for_a_list if found([{"field": "l", "key": ""}]) == {{"code": "SS-35", "field": "l", "variant": "shape", "args": {"field": "l"}}}

test_silent if found([]) == set()
