package storewarden.rules.sec_09_test

import data.storewarden.fixture
import data.storewarden.rules.sec_09

found(operation, role, managed, orphan) := f if {
	f := sec_09.finding with input as fixture.document({
		"operation": operation, "store": {"role": role}, "secret": {"managed": managed, "orphan": orphan},
	})
}

test_fires if found("delete", "opcua-trust", false, false) == {{"code": "SEC-09", "field": "metadata.name", "variant": ""}}

test_fires_for_a_managed_one if {
	some f in found("delete", "", true, true)
	f.variant == "orphan"
}

test_silent if {
	found("delete", "", false, false) == set()
	found("update", "opcua-trust", true, false) == set()
}
