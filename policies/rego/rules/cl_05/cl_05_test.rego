package storewarden.rules.cl_05_test

import data.storewarden.fixture
import data.storewarden.rules.cl_05

document(fields) := fixture.document({
	"entries": [fixture.entry({})],
	"certificates": [fixture.certificate(object.union({"role": "opcua-client"}, fields))],
})

requested(fields) := fixture.document({"issuance": object.union({"own": true}, fields)})

configured := fixture.config({"application_uri": "wanted"})

test_fires if {
	cl_05.finding == {{"code": "CL-05", "entry": 0, "certificate": 0, "args": {"has": "other", "configured": "wanted"}}} with input as document({"uris": ["other"]})
		with data.config as configured
}

test_silent if {
	every fields in [{"uris": ["wanted"]}, {"uris": ["other", "wanted"]}, {"uris": []}, {"uris": ["other"], "role": "opcua-trust"}] {
		count(cl_05.finding) == 0 with input as document(fields)
			with data.config as configured
	}
	count(cl_05.finding) == 0 with input as document({"uris": ["other"]})
}

test_requested if {
	cl_05.finding == {{
		"code": "CL-05", "field": "spec.uris", "variant": "requested",
		"args": {"has": "other", "configured": "wanted"},
	}} with input as requested({"uris": ["other"]})
		with data.config as configured
	every fields in [{"uris": ["wanted"]}, {"uris": []}, {"uris": ["other", "wanted"]}] {
		count(cl_05.finding) == 0 with input as requested(fields)
			with data.config as configured
	}
	count(cl_05.finding) == 0 with input as requested({"uris": ["other"]})
	count(cl_05.finding) == 0 with input as fixture.document({"issuance": {"uris": ["other"]}})
		with data.config as configured
}
