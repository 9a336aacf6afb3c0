package storewarden.rules.sec_01_test

import data.storewarden.fixture
import data.storewarden.rules.sec_01

document(wrapped) := fixture.document({"entries": [fixture.entry({"state": "undecodable", "content": {"wrapped": wrapped}})]})

test_fires_for_hex if {
	sec_01.finding == {{"code": "SEC-01", "entry": 0}} with input as document("hex")
}

test_silent_otherwise if {
	every wrapped in ["", "base64"] {
		count(sec_01.finding) == 0 with input as document(wrapped)
	}
}
