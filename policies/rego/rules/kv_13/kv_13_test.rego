package storewarden.rules.kv_13_test

import data.storewarden.fixture
import data.storewarden.rules.kv_13

document(role, kind) := fixture.document({"entries": [fixture.entry({"role": role, "content": {"kind": kind}})]})

test_fires_in_a_list if {
	every role in ["opcua-trust", "opcua-issuer", "tls-trust"] {
		kv_13.finding == {{"code": "KV-13", "entry": 0}} with input as document(role, "pkcs12")
	}
}

test_fires_in_the_client_store if {
	kv_13.finding == {{"code": "KV-13", "entry": 0, "variant": "client"}} with input as document("opcua-client", "pkcs12")
}

test_silent_for_a_certificate if {
	every role in ["opcua-trust", "opcua-client"] {
		count(kv_13.finding) == 0 with input as document(role, "certificate")
	}
}

test_silent_where_it_may_be if {
	every role in ["", "device-credential"] {
		count(kv_13.finding) == 0 with input as document(role, "pkcs12")
	}
}
