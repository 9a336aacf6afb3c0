package storewarden.rules.x_32_test

import data.storewarden.fixture
import data.storewarden.rules.x_32

document(role, subject, issuer) := fixture.document({
	"entries": [fixture.entry({"key": "a.der", "ext": ".der"})],
	"certificates": [fixture.certificate({"role": role, "subject": subject, "issuer": issuer})],
})

found(names) := {{
	"code": "X-32", "entry": 0, "certificate": 0,
	"args": {"names": names, "upload": "--file ./a.der --encoding hex --content-type application/pkix-cert"},
}}

test_fires if {
	x_32.finding == found("subject and issuer") with input as document("opcua-trust", "", "")
	x_32.finding == found("subject") with input as document("opcua-client", "", "CN=CA")
	x_32.finding == found("issuer") with input as document("opcua-issuer", "CN=a", "")
}

test_silent if {
	count(x_32.finding) == 0 with input as document("opcua-trust", "CN=a", "CN=a")
	count(x_32.finding) == 0 with input as document("tls-trust", "", "")
}
