package storewarden.rules.x_01_test

import data.storewarden.fixture
import data.storewarden.rules.x_01

document(not_after) := fixture.document({
	"now": 1000,
	"entries": [fixture.entry({})],
	"certificates": [fixture.certificate({"not_after": not_after})],
})

test_fires_after_the_end if {
	x_01.finding == {{"code": "X-01", "entry": 0, "certificate": 0}} with input as document(999)
}

test_silent_in_the_last_second if {
	count(x_01.finding) == 0 with input as document(1000)
}
