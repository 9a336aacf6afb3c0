package storewarden.rules.x_30_test

import data.storewarden.fixture
import data.storewarden.rules.x_30

document(fields) := fixture.document({"certificates": [fixture.certificate(object.union({"role": "opcua-trust", "ca": true, "application": true}, fields))]})

test_fires if {
	x_30.finding == {{"code": "X-30", "entry": 0, "certificate": 0}} with input as document({})
}

test_silent if {
	every other in [{"ca": false}, {"application": false}, {"role": "opcua-issuer"}] {
		count(x_30.finding) == 0 with input as document(other)
	}
}

requested(fields) := fixture.document({"issuance": object.union({"own": true}, fields)})

test_requested if {
	x_30.finding == {{"code": "X-30", "field": "spec.isCA", "variant": "requested"}} with input as requested({"ca": true})
	count(x_30.finding) == 0 with input as requested({"ca": false})
	count(x_30.finding) == 0 with input as fixture.document({"issuance": {"ca": true}})
}
