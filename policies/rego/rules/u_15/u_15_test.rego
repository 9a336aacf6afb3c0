package storewarden.rules.u_15_test

import data.storewarden.fixture
import data.storewarden.rules.u_15

document(name, type) := fixture.document({"endpoints": [fixture.endpoint({"field": "f", "name": name, "type": type})]})

test_fires if {
	u_15.finding == {{"code": "U-15", "field": "f", "args": {"endpoint": "cam_1", "type": "Microsoft.Onvif", "renamed": "cam-1"}}} with input as document("cam_1", "Microsoft.Onvif")
}

test_silent if {
	count(u_15.finding) == 0 with input as document("cam-1", "Microsoft.Onvif")
	count(u_15.finding) == 0 with input as document("press_1", "Microsoft.OpcUa")
}
