package storewarden.rules.cl_07_test

import data.storewarden.fixture
import data.storewarden.rules.cl_07

document(fields) := fixture.document({
	"entries": [fixture.entry({})],
	"certificates": [fixture.certificate(object.union({"role": "opcua-client"}, fields))],
})

keeps := fixture.config({"send_certificate_chain": false})

test_absent if {
	cl_07.finding == {{"code": "CL-07", "entry": 0, "certificate": 0}} with input as document({"issuer_state": "absent"})
}

test_unsent if {
	every state in ["absent", "found"] {
		cl_07.finding == {{"code": "CL-07", "entry": 0, "certificate": 0, "variant": "unsent"}} with input as document({"issuer_state": state})
			with data.config as keeps
	}
}

test_silent if {
	count(cl_07.finding) == 0 with input as document({"issuer_state": "found"})
	count(cl_07.finding) == 0 with input as document({"issuer_state": "absent", "role": "opcua-trust"})
	count(cl_07.finding) == 0 with input as document({"issuer_state": "absent", "role": "opcua-trust"})
		with data.config as keeps
	count(cl_07.finding) == 0 with input as document({"self_issued": true})
		with data.config as keeps
}
