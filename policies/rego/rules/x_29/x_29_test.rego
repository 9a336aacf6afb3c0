package storewarden.rules.x_29_test

import data.storewarden.fixture
import data.storewarden.rules.x_29

document(fields) := fixture.document({"endpoints": [fixture.endpoint(object.union(
	{"field": "f", "name": "e", "host": "press-1.plant", "near": "CN=press-1", "near_key": "press-1.der", "near_names": ["press-1"]},
	fields,
))]})

found(names) := {{
	"code": "X-29", "field": "f.address",
	"args": {"endpoint": "e", "host": "press-1.plant", "subject": "CN=press-1", "key": "press-1.der", "names": names},
}}

test_fires if {
	x_29.finding == found("press-1") with input as document({})
	x_29.finding == found("no host") with input as document({"near_names": []})
}

test_silent if {
	count(x_29.finding) == 0 with input as document({"near": ""})
	count(x_29.finding) == 0 with input as document({"named": true})
}
