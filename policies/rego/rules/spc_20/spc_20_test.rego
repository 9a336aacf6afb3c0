package storewarden.rules.spc_20_test

import data.storewarden.fixture
import data.storewarden.rules.spc_20

found(role, object) := f if {
	f := spc_20.finding with input as fixture.document({
		"subject": {"kind": "SecretProviderClass"},
		"entries": [fixture.entry({"field": "f", "role": role, "object": object})],
	})
}

test_denies_for_the_opcua_stores if {
	every role in ["opcua-trust", "opcua-issuer", "opcua-client"] {
		found(role, {"type": "cert"}) == {{"code": "SPC-20", "entry": 0, "field": "f.objectType"}}
	}
}

test_warns_where_pem_is_read if {
	found("tls-trust", {"type": "cert"}) == {{"code": "SPC-20", "entry": 0, "field": "f.objectType", "severity": "warn", "variant": "pem"}}
}

test_leaves_an_encoding_to_another if found("tls-trust", {"type": "cert", "encoding": "hex"}) == set()

test_silent_for_an_unknown_store if found("", {"type": "cert"}) == set()

test_silent_for_a_secret if {
	found("opcua-trust", {"type": "secret"}) == set()
	found("tls-trust", {"type": "secret"}) == set()
}
