package storewarden.rules.ss_01_test

import data.storewarden.fixture
import data.storewarden.rules.ss_01

document(sync) := fixture.document({"sync": sync})

test_fires if {
	ss_01.finding == {{"code": "SS-01", "field": "spec.secretProviderClassName", "args": {"class": "spc"}}} with input as document({"provider_class": "spc"})
}

test_silent_when_found if {
	count(ss_01.finding) == 0 with input as document({"provider_class": "spc", "found": true})
}

test_silent_when_unseen if {
	count(ss_01.finding) == 0 with input as document({"provider_class": "spc", "unseen": true})
}

test_silent_when_external if {
	count(ss_01.finding) == 0 with input as document({"provider_class": "spc-ops-4f7.4e85"})
}

test_fires_for_another_external_kind if {
	count(ss_01.finding) == 1 with input as document({"provider_class": "spc"})
		with data.config as fixture.config({"external": ["ServiceAccount/*"]})
}
