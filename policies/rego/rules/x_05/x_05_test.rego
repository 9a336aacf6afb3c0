package storewarden.rules.x_05_test

import data.storewarden.fixture
import data.storewarden.rules.x_05

document(role, version) := fixture.document({
	"entries": [fixture.entry({"key": "ca.der", "ext": ".der"})],
	"certificates": [fixture.certificate({"role": role, "version": version})],
})

test_fires_for_old_versions if {
	every version in [1, 2] {
		x_05.finding == {{
			"code": "X-05", "entry": 0, "certificate": 0,
			"args": {"x509": version, "upload": "--file ./ca.der --encoding hex --content-type application/pkix-cert"},
		}} with input as document("opcua-issuer", version)
	}
}

test_silent_for_version_3 if {
	count(x_05.finding) == 0 with input as document("opcua-issuer", 3)
}

test_silent_in_the_trust_list if {
	count(x_05.finding) == 0 with input as document("opcua-trust", 1)
}

test_silent_under_the_key_of_a_crl if {
	count(x_05.finding) == 0 with input as fixture.document({
		"entries": [fixture.entry({"ext": ".crl"})],
		"certificates": [fixture.certificate({"role": "opcua-issuer", "version": 1})],
	})
}
