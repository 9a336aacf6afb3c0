package storewarden.rules.kv_19_test

import data.storewarden.fixture
import data.storewarden.rules.kv_19

document(role, kind, trailing) := fixture.document({"entries": [fixture.entry({
	"role": role,
	"content": {"kind": kind, "trailing": trailing, "certificates": 3},
})]})

test_fires_in_the_connector_lists if {
	every role in ["opcua-trust", "opcua-issuer"] {
		kv_19.finding == {{"code": "KV-19", "entry": 0, "args": {"certificates": 3}}} with input as document(role, "certificate-bundle", 0)
	}
}

test_silent_for_one_certificate if {
	count(kv_19.finding) == 0 with input as document("opcua-trust", "certificate", 0)
}

test_silent_for_a_chain_in_der if {
	count(kv_19.finding) == 0 with input as document("opcua-trust", "certificate-bundle", 900)
}

test_silent_for_a_bundle_where_it_belongs if {
	every role in ["tls-trust", "device-credential", ""] {
		count(kv_19.finding) == 0 with input as document(role, "certificate-bundle", 0)
	}
}
