package storewarden.rules.ss_15_test

import data.storewarden.fixture
import data.storewarden.rules.ss_15

found(kind, role, ext) := f if {
	e := fixture.entry({"field": "f", "role": role, "key": "a", "stem": "a", "ext": ext})
	f := ss_15.finding with input as fixture.document({"subject": {"kind": kind}, "entries": [e]})
}

test_fires if {
	found("SecretSync", "opcua-trust", ".DER") == {{
		"code": "SS-15", "entry": 0, "field": "f.targetKey", "variant": "", "args": {"lower": ".der", "renamed": "a.der"},
	}}
}

test_fires_for_a_secret if {
	found("Secret", "opcua-client", ".Pem") == {{
		"code": "SS-15", "entry": 0, "field": "f", "variant": "secret", "args": {"lower": ".pem", "renamed": "a.pem"},
	}}
}

test_silent if {
	found("SecretSync", "opcua-trust", ".der") == set()
	found("SecretSync", "opcua-trust", ".CER") == set()
	found("SecretSync", "opcua-trust", ".PEM") == set()
	found("SecretSync", "tls-trust", ".CRT") == set()
}
