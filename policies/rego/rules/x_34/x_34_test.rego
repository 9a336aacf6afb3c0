package storewarden.rules.x_34_test

import data.storewarden.fixture
import data.storewarden.rules.x_34

document(role, subject) := fixture.document({"certificates": [fixture.certificate({"role": role, "subject": subject})]})

test_fires if {
	x_34.finding == {{"code": "X-34", "entry": 0, "certificate": 0}} with input as document("tls-trust", "CN=Azure IoT Operations Quickstart Root CA - Not for Production")
}

test_silent if {
	count(x_34.finding) == 0 with input as document("opcua-trust", "CN=Plant CA")
	count(x_34.finding) == 0 with input as document("opcua-client", "CN=Azure IoT Operations Quickstart Root CA - Not for Production")
}
