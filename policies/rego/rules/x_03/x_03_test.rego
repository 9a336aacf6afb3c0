package storewarden.rules.x_03_test

import data.storewarden.fixture
import data.storewarden.rules.x_03

document(role, not_after) := fixture.document({
	"now": 1000,
	"entries": [fixture.entry({"key": "a.der", "ext": ".der"})],
	"certificates": [fixture.certificate({"role": role, "not_after": not_after})],
})

ten := fixture.config({"expiry_warning_days": 10})

test_fires_within_the_notice if {
	every not_after in [1000, 865000] {
		x_03.finding == {{
			"code": "X-03", "entry": 0, "certificate": 0,
			"args": {"days": 10, "upload": "--file ./a.der --encoding hex --content-type application/pkix-cert"},
		}} with input as document("opcua-trust", not_after) with data.config as ten
	}
}

test_silent_before_the_notice if {
	count(x_03.finding) == 0 with input as document("opcua-trust", 865001) with data.config as ten
}

test_silent_after_the_end if {
	count(x_03.finding) == 0 with input as document("opcua-trust", 999) with data.config as ten
}

test_silent_where_the_store_is_unknown if {
	count(x_03.finding) == 0 with input as document("", 1000) with data.config as ten
}
