package storewarden.rules.exc_01_test

import data.storewarden.fixture
import data.storewarden.rules.exc_01

document(exception) := fixture.document({
	"subject": {"name": "trust"}, "now": 1000000,
	"exceptions": [fixture.exception(object.union({"code": "X-01", "reason": "spare part"}, exception))],
})

found(what, ended) := {{
	"code": "EXC-01", "field": "metadata.name",
	"args": {"excepted": "X-01", "what": what, "ended": ended, "reason": "spare part"},
}}

test_fires if {
	exc_01.finding == found("trust", "1970-01-12") with input as document({"until": 1000000})
	exc_01.finding == found("a.der of trust", "1970-01-01") with input as document({"entry": "a.der", "until": 1})
}

test_silent_before_its_end if {
	count(exc_01.finding) == 0 with input as document({"until": 1000001})
}
