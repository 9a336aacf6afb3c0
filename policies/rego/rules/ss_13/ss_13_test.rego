package storewarden.rules.ss_13_test

import data.storewarden.fixture
import data.storewarden.rules.ss_13

found(role, ext, kind, format) := f if {
	entry := fixture.entry({
		"role": role, "key": concat("", ["a", ext]), "ext": ext, "object": {"name": "a", "encoding": "hex"},
		"content": {"kind": kind, "format": format},
	})
	f := ss_13.finding with input as fixture.document({"entries": [entry]})
}

test_fires_for_pem if {
	found("opcua-issuer", ".crl", "crl", "pem") == {{
		"code": "SS-13", "entry": 0, "variant": "pem",
		"args": {"upload": "--file ./a.crl --encoding hex --content-type application/pkix-crl", "declare": ""},
	}}
}

test_fires_for_a_certificate if {
	every format in ["der", "pem"] {
		found("opcua-trust", ".CRL", "certificate", format) == {{"code": "SS-13", "entry": 0}}
	}
}

test_silent_for_der if found("opcua-issuer", ".crl", "crl", "der") == set()

test_silent_for_other_keys if {
	found("opcua-issuer", ".der", "crl", "pem") == set()
	found("opcua-issuer", ".der", "certificate", "der") == set()
}

test_leaves_other_contents_to_others if found("opcua-issuer", ".crl", "text", "none") == set()

test_silent_elsewhere if {
	found("opcua-client", ".crl", "crl", "pem") == set()
	found("opcua-client", ".crl", "certificate", "der") == set()
}
