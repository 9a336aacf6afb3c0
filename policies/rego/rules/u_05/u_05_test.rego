package storewarden.rules.u_05_test

import data.storewarden.fixture
import data.storewarden.rules.u_05

document(type, method) := fixture.document({"endpoints": [fixture.endpoint({"field": "f", "name": "cam", "type": type, "method": method})]})

test_fires if {
	u_05.finding == {{"code": "U-05", "field": "f.authentication.method", "args": {"endpoint": "cam", "type": "Microsoft.Media"}}} with input as document("Microsoft.Media", "Certificate")
}

test_silent if {
	count(u_05.finding) == 0 with input as document("Microsoft.Onvif", "UsernamePassword")
	count(u_05.finding) == 0 with input as document("Microsoft.Http", "Certificate")
}
