package storewarden.rules.u_02_test

import data.storewarden.fixture
import data.storewarden.rules.u_02

document(reference) := fixture.document({"references": [fixture.reference(object.union({"field": "f", "state": "malformed"}, reference))]})

test_a_trust_list_with_a_key if {
	u_02.finding == {{
		"code": "U-02", "field": "f", "variant": "whole", "args": {"text": "list/ca.crt", "written": "list"},
	}} with input as document({"use": "trust list", "text": "list/ca.crt", "secret": "list", "key": "ca.crt"})
}

test_a_credential_without_a_key if {
	u_02.finding == {{
		"code": "U-02", "field": "f", "args": {"use": "password", "text": "login", "written": "login/password"},
	}} with input as document({"use": "password", "text": "login", "secret": "login"})
}

test_a_credential_without_a_secret if {
	u_02.finding == {{
		"code": "U-02", "field": "f", "args": {"use": "private key", "text": "/k", "written": "SECRET/k"},
	}} with input as document({"use": "private key", "text": "/k", "key": "k"})
}

test_silent if {
	every use in ["trust list", "password"] {
		count(u_02.finding) == 0 with input as document({"use": use, "state": "found"})
	}
}
