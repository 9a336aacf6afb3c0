package storewarden.rules.ss_21_test

import data.storewarden.fixture
import data.storewarden.rules.ss_21

found(type, key, format, locked) := f if {
	e := fixture.entry({"key": key, "content": {"format": format, "locked": locked}})
	f := ss_21.finding with input as fixture.document({"sync": {"secret_type": type}, "entries": [e]})
}

test_fires if found("kubernetes.io/tls", "tls.key", "pem", true) == {{"code": "SS-21", "entry": 0}}

test_silent if {
	found("Opaque", "tls.key", "pem", true) == set()
	found("kubernetes.io/tls", "tls.crt", "pem", true) == set()
	found("kubernetes.io/tls", "tls.key", "der", true) == set()
	found("kubernetes.io/tls", "tls.key", "pem", false) == set()
}
