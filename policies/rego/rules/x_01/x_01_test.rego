package storewarden.rules.x_01_test

import data.storewarden.fixture
import data.storewarden.rules.x_01

document(role, not_after) := fixture.document({
	"now": 1000,
	"entries": [fixture.entry({"key": "a.der", "ext": ".der"})],
	"certificates": [fixture.certificate({"role": role, "not_after": not_after})],
})

test_fires_after_the_end if {
	every role in ["opcua-trust", "tls-trust", "device-credential"] {
		x_01.finding == {{
			"code": "X-01", "entry": 0, "certificate": 0,
			"args": {"upload": "--file ./a.der --encoding hex --content-type application/pkix-cert"},
		}} with input as document(role, 999)
	}
}

test_silent_in_the_last_second if {
	count(x_01.finding) == 0 with input as document("opcua-trust", 1000)
}

test_silent_where_the_store_is_unknown if {
	count(x_01.finding) == 0 with input as document("", 999)
}

test_silent_where_the_end_cannot_be_read if {
	count(x_01.finding) == 0 with input as document("opcua-trust", 0)
}
