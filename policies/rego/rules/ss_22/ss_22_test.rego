package storewarden.rules.ss_22_test

import data.storewarden.fixture
import data.storewarden.rules.ss_22

found(type, key, algorithm) := f if {
	e := fixture.entry({"key": key, "content": {"key_algorithm": algorithm}})
	f := ss_22.finding with input as fixture.document({"sync": {"secret_type": type}, "entries": [e]})
}

test_fires if {
	found("kubernetes.io/tls", "tls.key", "Ed25519") == {{"code": "SS-22", "entry": 0, "args": {"algorithm": "Ed25519"}}}
}

test_silent if {
	found("Opaque", "tls.key", "Ed25519") == set()
	found("kubernetes.io/tls", "tls.crt", "Ed25519") == set()
	every algorithm in ["", "RSA", "ECDSA", "unknown"] {
		found("kubernetes.io/tls", "tls.key", algorithm) == set()
	}
}
