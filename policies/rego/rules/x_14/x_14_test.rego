package storewarden.rules.x_14_test

import data.storewarden.fixture
import data.storewarden.rules.x_14

document(kind, elsewhere) := fixture.document({
	"subject": {"kind": kind}, "entries": [fixture.entry({})],
	"crls": [fixture.crl({"ca_elsewhere": elsewhere})],
})

found := {"code": "X-14", "entry": 0, "crl": 0, "args": {"ca": "trust/ca.der"}}

test_denies if {
	x_14.finding == {object.union(found, {"severity": "deny"})} with input as document("SecretSync", "trust/ca.der")
}

test_warns_of_a_secret if {
	x_14.finding == {found} with input as document("Secret", "trust/ca.der")
}

test_denies_where_the_connector_does if {
	x_14.finding == {object.union(found, {"severity": "deny"})} with input as document("Secret", "trust/ca.der")
		with data.config as fixture.config({"reject_unknown_revocation_status": true})
}

test_silent if {
	count(x_14.finding) == 0 with input as document("SecretSync", "")
}
