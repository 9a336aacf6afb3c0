package storewarden.lib.applications_test

import data.storewarden.fixture
import data.storewarden.lib.applications

document(fields) := fixture.document({"certificates": [fixture.certificate(fields)]})

test_own if {
	every fields in [{"role": "opcua-trust"}, {"role": "opcua-client", "ca": true, "application": true}] {
		count(applications.certificates) == 1 with input as document(fields)
	}
}

test_others if {
	every fields in [{"role": "opcua-trust", "ca": true}, {"role": "opcua-issuer"}, {"role": "tls-trust"}] {
		count(applications.certificates) == 0 with input as document(fields)
	}
}
