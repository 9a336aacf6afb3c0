package storewarden.rules.x_18_test

import data.storewarden.fixture
import data.storewarden.rules.x_18

document(revoked_by, role, revokes) := fixture.document({
	"subject": {"name": "issuers"},
	"entries": [fixture.entry({"key": "a.der", "ext": ".der"})],
	"certificates": [fixture.certificate({"revoked_by": revoked_by})],
	"crls": [fixture.crl({"role": role, "revokes": revokes})],
})

test_fires_for_the_certificate if {
	x_18.finding == {{
		"code": "X-18", "entry": 0, "certificate": 0,
		"args": {"crls": "issuers/ca.crl", "upload": "--file ./a.der --encoding hex --content-type application/pkix-cert"},
	}} with input as document(["issuers/ca.crl"], "opcua-issuer", [])
}

test_warns_of_a_crl_that_revokes_elsewhere if {
	x_18.finding == {{
		"code": "X-18", "entry": 0, "crl": 0, "severity": "warn", "variant": "crl",
		"args": {"certificates": "trusted/a.der"},
	}} with input as document([], "opcua-issuer", ["issuers/b.der", "trusted/a.der"])
}

test_silent_for_the_crl_of_what_has_its_own_finding if {
	count(x_18.finding) == 0 with input as document([], "opcua-issuer", ["issuers/b.der"])
	count(x_18.finding) == 0 with input as document([], "opcua-trust", ["trusted/a.der"])
}

test_silent_without_revocation if {
	count(x_18.finding) == 0 with input as document([], "opcua-issuer", [])
}
