package storewarden.rules.ss_24_test

import data.storewarden.fixture
import data.storewarden.rules.ss_24

found(account, class) := f if {
	f := ss_24.finding with input as fixture.document({"sync": {"service_account": account, "provider_class": class}})
}

finding(account, variant) := {"code": "SS-24", "field": "spec.serviceAccountName", "variant": variant, "args": {"account": account}}

test_fires if found("default", "spc-ops-1") == {finding("default", "")}

test_fires_for_an_id if {
	id := "00000000-0000-0000-0000-000000000001"
	found(id, "other") == {finding(id, "id")}
}

test_fires_without_one if {
	found("", "other") == {{"code": "SS-24", "field": "spec.serviceAccountName", "variant": "missing", "severity": "deny"}}
}

test_silent if {
	found("aio-ssc-sa", "spc-ops-1") == set()
	found("historian", "historian") == set()
	found("", "") == set()
}
