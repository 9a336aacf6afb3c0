package storewarden.rules.ss_11_test

import data.storewarden.fixture
import data.storewarden.rules.ss_11

found(role, ext, kind, format) := f if {
	entry := fixture.entry({
		"role": role, "key": concat("", ["a", ext]), "ext": ext, "object": {"name": "a", "encoding": "hex"},
		"content": {"kind": kind, "format": format},
	})
	f := ss_11.finding with input as fixture.document({"entries": [entry]})
}

test_fires if {
	found("opcua-trust", ".der", "certificate", "pem") == {{
		"code": "SS-11", "entry": 0, "variant": "",
		"args": {"upload": "--file ./a.der --encoding hex --content-type application/pkix-cert", "declare": ""},
	}}
}

test_cannot_rename_in_the_client_store if {
	some f in found("opcua-client", ".DER", "certificate", "pem")
	f.variant == "client"
}

test_silent_for_der if found("opcua-trust", ".der", "certificate", "der") == set()

test_silent_for_crt if found("opcua-trust", ".crt", "certificate", "pem") == set()

test_silent_for_other_contents if found("opcua-trust", ".der", "private-key", "pem") == set()

test_silent_elsewhere if found("tls-trust", ".der", "certificate", "pem") == set()
