package storewarden.rules.x_02_test

import data.storewarden.fixture
import data.storewarden.rules.x_02

document(role, not_before) := fixture.document({
	"now": 1000,
	"entries": [fixture.entry({"key": "a.der", "ext": ".der"})],
	"certificates": [fixture.certificate({"role": role, "not_before": not_before})],
})

test_fires_more_than_a_day_ahead if {
	x_02.finding == {{
		"code": "X-02", "entry": 0, "certificate": 0,
		"args": {"upload": "--file ./a.der --encoding hex --content-type application/pkix-cert"},
	}} with input as document("opcua-trust", 87401)
}

test_warns_within_a_day if {
	every not_before in [1001, 87400] {
		x_02.finding == {{"code": "X-02", "entry": 0, "certificate": 0, "severity": "warn", "variant": "soon"}} with input as document("tls-trust", not_before)
	}
}

test_silent_from_the_first_second if {
	count(x_02.finding) == 0 with input as document("opcua-trust", 1000)
}

test_silent_where_the_store_is_unknown if {
	every not_before in [1001, 87401] {
		count(x_02.finding) == 0 with input as document("", not_before)
	}
}
