package storewarden.rules.kv_20_test

import data.storewarden.fixture
import data.storewarden.rules.kv_20

document(role, kind) := fixture.document({"entries": [fixture.entry({"role": role, "content": {"kind": kind}})]})

test_fires_in_a_list if {
	every role in ["opcua-trust", "opcua-issuer", "tls-trust"] {
		kv_20.finding == {{"code": "KV-20", "entry": 0}} with input as document(role, "certificate-with-private-key")
	}
}

test_silent_for_a_certificate if {
	count(kv_20.finding) == 0 with input as document("opcua-trust", "certificate")
}

test_silent_where_a_key_belongs if {
	every role in ["opcua-client", "device-credential", ""] {
		count(kv_20.finding) == 0 with input as document(role, "certificate-with-private-key")
	}
}
