package storewarden.rules.ss_26_test

import data.storewarden.fixture
import data.storewarden.rules.ss_26

document(reserved, guarded) := fixture.document({"store": {"reserved": reserved, "guarded": guarded}})

test_fires if {
	ss_26.finding == {{"code": "SS-26", "field": "metadata.namespace"}} with input as document("opcua-trust", false)
}

test_silent_where_connectors_run if {
	count(ss_26.finding) == 0 with input as document("opcua-trust", true)
}

test_silent_for_any_other_name if {
	count(ss_26.finding) == 0 with input as document("", false)
}
