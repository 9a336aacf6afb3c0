package storewarden.rules.ss_14_test

import data.storewarden.fixture
import data.storewarden.rules.ss_14

entry(id, stem, ext) := fixture.entry({"id": id, "field": "f", "stem": stem, "ext": ext})

found(role, entries) := f if {
	f := ss_14.finding with input as fixture.document({"store": {"role": role}, "entries": entries})
}

test_fires if {
	found("opcua-issuer", [entry(0, "a", ".der"), entry(1, "b", ".crl")]) == {{
		"code": "SS-14", "entry": 1, "field": "f.targetKey",
		"args": {"command": "issuer"},
	}}
}

test_names_the_command_of_the_list if {
	some f in found("opcua-trust", [entry(0, "b", ".CRL")])
	f.args.command == "trust"
}

test_silent_beside_its_certificate if {
	every ext in [".der", ".crt", ".CRT"] {
		found("opcua-issuer", [entry(0, "a", ".crl"), entry(1, "a", ext)]) == set()
	}
}

test_silent_beside_a_refused_extension if found("opcua-issuer", [entry(0, "a", ".crl"), entry(1, "a", ".pem")]) == set()

test_silent_elsewhere if found("opcua-client", [entry(0, "a", ".crl")]) == set()
