package storewarden.rules.x_23_test

import data.storewarden.fixture
import data.storewarden.rules.x_23

document(fields) := fixture.document({
	"entries": [fixture.entry({"key": "a.der", "ext": ".der"})],
	"certificates": [fixture.certificate(object.union({"role": "opcua-trust", "signature_hash": "SHA1"}, fields))],
})

finding := {
	"code": "X-23", "entry": 0, "certificate": 0,
	"args": {"upload": "--file ./a.der --encoding hex --content-type application/pkix-cert"},
}

test_fires_for_application_certificates if {
	every fields in [{}, {"signature_hash": "MD5"}, {"role": "opcua-client"}, {"ca": true, "application": true}] {
		x_23.finding == {finding} with input as document(fields)
	}
}

test_silent_for_a_ca if {
	every role in ["opcua-trust", "opcua-issuer"] {
		count(x_23.finding) == 0 with input as document({"ca": true, "role": role})
	}
}

test_silent_for_other_hashes if {
	every hash in ["SHA256", ""] {
		count(x_23.finding) == 0 with input as document({"signature_hash": hash})
	}
}

test_silent_where_the_connector_accepts_it if {
	count(x_23.finding) == 0 with input as document({}) with data.config as fixture.config({"reject_sha1_signed_certificates": false})
}

test_silent_elsewhere if {
	count(x_23.finding) == 0 with input as document({"role": "tls-trust"})
}
