package storewarden.rules.x_06_test

import data.storewarden.fixture
import data.storewarden.rules.x_06

document(fields) := fixture.document({
	"entries": [fixture.entry({"key": "a.der", "ext": ".der"})],
	"certificates": [fixture.certificate(object.union({"role": "opcua-issuer", "ca": true}, fields))],
})

found(lacking) := {{
	"code": "X-06", "entry": 0, "certificate": 0,
	"args": {"lacking": lacking, "upload": "--file ./a.der --encoding hex --content-type application/pkix-cert"},
}}

test_fires if {
	x_06.finding == found("cRLSign, keyCertSign") with input as document({})
	x_06.finding == found("cRLSign") with input as document({"key_usage": ["keyCertSign"]})
}

test_silent if {
	every other in [{"key_usage": ["keyCertSign", "cRLSign"]}, {"ca": false}, {"application": true}, {"role": "tls-trust"}] {
		count(x_06.finding) == 0 with input as document(other)
	}
}
