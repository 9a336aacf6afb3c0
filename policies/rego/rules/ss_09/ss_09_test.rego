package storewarden.rules.ss_09_test

import data.storewarden.fixture
import data.storewarden.rules.ss_09

document(role, ext) := fixture.document({
	"store": {"role": role},
	"entries": [fixture.entry({
		"key": concat("", ["my-ca", ext]), "stem": "my-ca", "ext": ext, "field": "f",
		"content": {"kind": "certificate", "format": "der"},
	})],
})

test_fires if {
	ss_09.finding == {{
		"code": "SS-09", "entry": 0, "field": "f.targetKey",
		"args": {"extension": "no extension", "renamed": "my-ca.der"},
	}} with input as document("opcua-issuer", "")
}

test_silent_for_what_is_read if {
	every ext in [".der", ".crt", ".crl", ".CRL"] {
		count(ss_09.finding) == 0 with input as document("opcua-issuer", ext)
	}
}

test_silent_elsewhere if {
	count(ss_09.finding) == 0 with input as document("opcua-trust", ".pem")
}
