package storewarden.rules.cl_02_test

import data.storewarden.fixture
import data.storewarden.rules.cl_02

document(kind, content) := fixture.document({
	"subject": {"kind": kind},
	"entries": [fixture.entry({
		"role": "opcua-client", "ext": ".pem",
		"content": object.union({"kind": "private-key", "format": "pem"}, content),
	})],
})

test_encrypted if {
	every kind in ["SecretSync", "Secret"] {
		cl_02.finding == {{"code": "CL-02", "entry": 0}} with input as document(kind, {"locked": true})
	}
}

test_der if {
	cl_02.finding == {{"code": "CL-02", "entry": 0, "variant": "der"}} with input as document("SecretSync", {"format": "der"})
	count(cl_02.finding) == 0 with input as document("Secret", {"format": "der"})
	count(cl_02.finding) == 0 with input as document("SecretSync", {"format": "der", "kind": "certificate"})
}

test_silent if {
	count(cl_02.finding) == 0 with input as document("Secret", {"format": "der", "locked": true})
	count(cl_02.finding) == 0 with input as document("SecretSync", {})
	count(cl_02.finding) == 0 with input as document("SecretSync", {"locked": true, "kind": "certificate"})
	count(cl_02.finding) == 0 with input as document("SecretSync", {"locked": true, "format": "der", "kind": "pkcs12"})
}

test_silent_elsewhere if {
	every e in [{"role": "device-credential", "ext": ".pem"}, {"role": "opcua-client", "ext": ".key"}] {
		every content in [{"kind": "private-key", "format": "der"}] {
			count(cl_02.finding) == 0 with input as fixture.document({"entries": [fixture.entry(object.union(e, {"content": content}))]})
		}
	}
	count(cl_02.finding) == 0 with input as fixture.document({"entries": [fixture.entry({
		"role": "device-credential", "ext": ".pem",
		"content": {"kind": "private-key", "format": "pem", "locked": true},
	})]})
}
