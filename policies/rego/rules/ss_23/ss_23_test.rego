package storewarden.rules.ss_23_test

import data.storewarden.fixture
import data.storewarden.rules.ss_23

found(type, key, kind, problems) := f if {
	e := fixture.entry({"key": key, "content": {"kind": kind, "problems": problems}})
	f := ss_23.finding with input as fixture.document({"sync": {"secret_type": type}, "entries": [e]})
}

test_fires if found("kubernetes.io/tls", "tls.crt", "pkcs12", ["password-protected"]) == {{"code": "SS-23", "entry": 0}}

test_silent if {
	found("Opaque", "tls.crt", "pkcs12", ["password-protected"]) == set()
	found("kubernetes.io/tls", "tls.crt", "pkcs12", []) == set()
	found("kubernetes.io/tls", "tls.crt", "text", ["password-protected"]) == set()
	found("kubernetes.io/tls", "ca.crt", "pkcs12", ["password-protected"]) == set()
}
