package storewarden.rules.u_12_test

import data.storewarden.fixture
import data.storewarden.rules.u_12

document(fields) := fixture.document({"endpoints": [fixture.endpoint(object.union({"field": "f", "name": "e"}, fields))]})

found(variant) := {{"code": "U-12", "field": "f.additionalConfiguration", "variant": variant, "args": {"endpoint": "e"}}}

test_fires if {
	u_12.finding == found("") with input as document({"auto_accept": true})
	u_12.finding == found("unreadable") with input as document({"unreadable": true})
}

test_silent if {
	count(u_12.finding) == 0 with input as document({})
}
