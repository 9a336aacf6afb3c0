package storewarden.rules.ss_08_test

import data.storewarden.fixture
import data.storewarden.rules.ss_08

document(role, ext) := fixture.document({
	"store": {"role": role},
	"entries": [fixture.entry({
		"key": concat("", ["server", ext]), "stem": "server", "ext": ext, "field": "f",
		"content": {"kind": "certificate", "format": "pem"},
	})],
})

test_fires if {
	ss_08.finding == {{
		"code": "SS-08", "entry": 0, "field": "f.targetKey",
		"args": {"extension": ".pem", "renamed": "server.crt"},
	}} with input as document("opcua-trust", ".pem")
}

test_silent_for_what_is_read if {
	every ext in [".der", ".crt", ".crl", ".DER"] {
		count(ss_08.finding) == 0 with input as document("opcua-trust", ext)
	}
}

test_silent_elsewhere if {
	count(ss_08.finding) == 0 with input as document("tls-trust", ".pem")
}
