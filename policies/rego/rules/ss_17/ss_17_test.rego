package storewarden.rules.ss_17_test

import data.storewarden.fixture
import data.storewarden.rules.ss_17

found(role, key, ext, kind) := f if {
	entry := fixture.entry({"field": "f", "role": role, "key": key, "ext": ext, "content": {"kind": kind}})
	f := ss_17.finding with input as fixture.document({"entries": [entry]})
}

test_fires_for_a_private_key if {
	every role in ["opcua-trust", "opcua-issuer", "tls-trust"] {
		found(role, "server.der", ".der", "private-key") == {{"code": "SS-17", "entry": 0}}
	}
}

test_fires_for_a_name if {
	every key, ext in {"username": "", "Password": "", "privateKey": "", "server.key": ".key"} {
		found("opcua-trust", key, ext, "") == {{"code": "SS-17", "entry": 0, "field": "f.targetKey", "variant": "named"}}
	}
}

test_says_it_once if count(found("opcua-trust", "server.key", ".key", "private-key")) == 1

test_leaves_a_misnamed_certificate_to_another if found("opcua-trust", "server.key", ".key", "certificate") == set()

test_silent_for_a_certificate if found("opcua-trust", "server.der", ".der", "certificate") == set()

# A Secret that happens to hold ca.crt may be of any connector.
test_silent_for_a_password_beside_a_bundle if found("tls-trust", "password", "", "text") == set()

test_silent_where_keys_belong if found("opcua-client", "app.pem", ".pem", "private-key") == set()
