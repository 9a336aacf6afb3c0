package storewarden.rules.kv_12_test

import data.storewarden.fixture
import data.storewarden.rules.kv_12

entry(role, backed) := fixture.entry({"id": 0, "role": role, "vault": {"certificate_resource": backed}})

test_fires_in_a_list if {
	kv_12.finding == {{"code": "KV-12", "entry": 0}} with input as fixture.document({"entries": [entry("opcua-trust", true)]})
}

test_silent_for_a_plain_secret if {
	count(kv_12.finding) == 0 with input as fixture.document({"entries": [entry("opcua-trust", false)]})
}

test_silent_where_a_key_belongs if {
	count(kv_12.finding) == 0 with input as fixture.document({"entries": [entry("device-credential", true)]})
}

test_fires_under_an_encoding_whatever_the_store if {
	e := fixture.entry({"vault": {"certificate_resource": true}, "object": {"encoding": "HEX"}})
	kv_12.finding == {{"code": "KV-12", "entry": 0}} with input as fixture.document({"entries": [e]})
}
