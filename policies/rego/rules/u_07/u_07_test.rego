package storewarden.rules.u_07_test

import data.storewarden.fixture
import data.storewarden.rules.u_07

document(others) := fixture.document({"references": [fixture.reference({"field": "f", "secret": "s", "others": others})]})

test_fires if {
	u_07.finding == {{"code": "U-07", "field": "f", "args": {"secret": "s", "others": "Device d"}}} with input as document(["Device d"])
}

test_silent if {
	count(u_07.finding) == 0 with input as document([])
}
