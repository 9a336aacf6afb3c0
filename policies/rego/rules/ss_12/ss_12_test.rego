package storewarden.rules.ss_12_test

import data.storewarden.fixture
import data.storewarden.rules.ss_12

found(role, ext, kind, format) := f if {
	entry := fixture.entry({
		"role": role, "key": concat("", ["a", ext]), "ext": ext, "object": {"name": "a", "encoding": "hex"},
		"content": {"kind": kind, "format": format},
	})
	f := ss_12.finding with input as fixture.document({"entries": [entry]})
}

test_fires if {
	found("opcua-issuer", ".CRT", "certificate", "der") == {{
		"code": "SS-12", "entry": 0,
		"args": {"upload": "--file ./a.CRT --encoding hex --content-type application/x-pem-file"},
	}}
}

test_silent_for_pem if found("opcua-trust", ".crt", "certificate", "pem") == set()

test_silent_for_der if found("opcua-trust", ".der", "certificate", "der") == set()

test_silent_for_other_contents if found("opcua-trust", ".crt", "pkcs12", "der") == set()

test_silent_elsewhere if found("opcua-client", ".crt", "certificate", "der") == set()
