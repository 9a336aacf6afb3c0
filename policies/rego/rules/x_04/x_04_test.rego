package storewarden.rules.x_04_test

import data.storewarden.fixture
import data.storewarden.rules.x_04

document(fields) := fixture.document({
	"entries": [fixture.entry({})],
	"certificates": [fixture.certificate(object.union({"role": "opcua-issuer", "version": 3}, fields))],
})

test_fires_for_a_leaf if {
	x_04.finding == {{"code": "X-04", "entry": 0, "certificate": 0, "variant": ""}} with input as document({"ca": false})
}

test_wants_no_issuer_of_one_that_signs_itself if {
	x_04.finding == {{"code": "X-04", "entry": 0, "certificate": 0, "variant": "self-signed"}} with input as document({"application": true, "self_issued": true, "self_signature": "valid"})
}

test_warns_of_an_application_that_claims_to_be_a_ca if {
	x_04.finding == {{"code": "X-04", "entry": 0, "certificate": 0, "severity": "warn", "variant": "application"}} with input as document({"ca": true, "application": true})
}

test_silent_for_a_ca if {
	count(x_04.finding) == 0 with input as document({"ca": true})
}

test_silent_for_old_versions if {
	count(x_04.finding) == 0 with input as document({"ca": false, "version": 1})
}

test_silent_in_the_trust_list if {
	every ca in [true, false] {
		count(x_04.finding) == 0 with input as document({"role": "opcua-trust", "ca": ca, "application": true})
	}
}

test_silent_under_the_key_of_a_crl if {
	every ca in [true, false] {
		count(x_04.finding) == 0 with input as fixture.document({
			"entries": [fixture.entry({"ext": ".CRL"})],
			"certificates": [fixture.certificate({"role": "opcua-issuer", "version": 3, "ca": ca, "application": ca})],
		})
	}
}
