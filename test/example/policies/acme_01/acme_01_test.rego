package custom.rules.acme_01_test

import data.custom.rules.acme_01
import data.storewarden.fixture

list(certificate) := fixture.document({
	"entries": [fixture.entry({"key": "press-1.der"})],
	"certificates": [fixture.certificate(certificate)],
})

test_fires_for_2048_bits if {
	document := list({"role": "opcua-trust", "key_algorithm": "RSA", "key_bits": 2048})
	acme_01.finding == {{
		"code": "ACME-01", "entry": 0, "certificate": 0,
		"args": {"least": 3072},
	}} with input as document
}

test_silent_for_3072_bits if {
	document := list({"role": "opcua-trust", "key_algorithm": "RSA", "key_bits": 3072})
	count(acme_01.finding) == 0 with input as document
}

test_silent_for_another_algorithm if {
	document := list({"role": "opcua-trust", "key_algorithm": "ECDSA", "key_bits": 256})
	count(acme_01.finding) == 0 with input as document
}

test_silent_in_another_store if {
	document := list({"role": "opcua-client", "key_algorithm": "RSA", "key_bits": 2048})
	count(acme_01.finding) == 0 with input as document
}

test_silent_where_the_connector_refuses_it if {
	document := list({"role": "opcua-trust", "key_algorithm": "RSA", "key_bits": 1024})
	count(acme_01.finding) == 0 with input as document
}
