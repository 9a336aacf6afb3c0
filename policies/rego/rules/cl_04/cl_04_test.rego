package storewarden.rules.cl_04_test

import data.storewarden.fixture
import data.storewarden.rules.cl_04

document(fields) := fixture.document({
	"entries": [fixture.entry({})],
	"certificates": [fixture.certificate(object.union({"role": "opcua-client"}, fields))],
})

requested(fields) := fixture.document({"issuance": object.union({"own": true}, fields)})

configured := fixture.config({"subject_name": "wanted"})

test_fires if {
	cl_04.finding == {{"code": "CL-04", "entry": 0, "certificate": 0, "args": {"has": "other", "configured": "wanted"}}} with input as document({"common_name": "other"})
		with data.config as configured
}

test_silent if {
	every fields in [{"common_name": "wanted"}, {"common_name": "other", "role": "opcua-trust"}] {
		count(cl_04.finding) == 0 with input as document(fields)
			with data.config as configured
	}
	count(cl_04.finding) == 0 with input as document({"common_name": "other"})
}

test_requested if {
	cl_04.finding == {{
		"code": "CL-04", "field": "spec.commonName", "variant": "requested",
		"args": {"has": "other", "configured": "wanted"},
	}} with input as requested({"common_name": "other"})
		with data.config as configured
	every fields in [{"common_name": "wanted"}] {
		count(cl_04.finding) == 0 with input as requested(fields)
			with data.config as configured
	}
	count(cl_04.finding) == 0 with input as requested({"common_name": "other"})
	count(cl_04.finding) == 0 with input as fixture.document({"issuance": {"common_name": "other"}})
		with data.config as configured
}
