package storewarden.rules.sec_02_test

import data.storewarden.fixture
import data.storewarden.rules.sec_02

document(wrapped) := fixture.document({"entries": [fixture.entry({"state": "undecodable", "content": {"wrapped": wrapped}})]})

test_fires_for_base64 if {
	sec_02.finding == {{"code": "SEC-02", "entry": 0}} with input as document("base64")
}

test_silent_otherwise if {
	every wrapped in ["", "hex"] {
		count(sec_02.finding) == 0 with input as document(wrapped)
	}
}
