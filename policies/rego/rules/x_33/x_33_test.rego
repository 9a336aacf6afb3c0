package storewarden.rules.x_33_test

import data.storewarden.fixture
import data.storewarden.rules.x_33

document(certificate, crl) := fixture.document({
	"entries": [fixture.entry({"key": "a.der", "ext": ".der"})],
	"certificates": [fixture.certificate(certificate)],
	"crls": [fixture.crl(crl)],
})

sound := {"not_before": 1, "not_after": 2}

test_fires_for_a_certificate if {
	x_33.finding == {{"code": "X-33", "entry": 0, "certificate": 0, "args": {"oddity": "a negative serial number"}}} with input as document(object.union(sound, {"oddity": "a negative serial number"}), {})
}

test_fires_for_a_crl if {
	x_33.finding == {{"code": "X-33", "entry": 0, "crl": 0, "variant": "crl", "args": {"oddity": "version 1"}}} with input as document(sound, {"oddity": "version 1"})
}

test_fires_once_for_unreadable_dates if {
	every dates in [{"not_before": 0, "not_after": 2}, {"not_before": 1, "not_after": 0}] {
		x_33.finding == {{"code": "X-33", "entry": 0, "certificate": 0, "variant": "validity", "args": {"oddity": "an unusual form of time"}}} with input as document(object.union(dates, {"oddity": "an unusual form of time"}), {})
	}
}

test_silent_for_what_everyone_reads if {
	count(x_33.finding) == 0 with input as document(sound, {})
}
