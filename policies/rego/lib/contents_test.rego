package storewarden.lib.contents_test

import data.storewarden.fixture
import data.storewarden.lib.contents

holds(role, ext, kind, format) := fixture.document({"entries": [fixture.entry({
	"role": role, "ext": ext, "state": "decoded",
	"content": {"kind": kind, "format": format},
})]})

test_unsuited if {
	count(contents.unsuited) == 1 with input as holds("opcua-trust", ".der", "certificate", "pem")
	count(contents.unsuited) == 0 with input as holds("opcua-trust", ".der", "certificate", "der")
	count(contents.unsuited) == 0 with input as holds("device-credential", "", "text", "none")
}

test_loose_text if {
	contents.loose_text == {0} with input as holds("tls-trust", "", "text", "none")
	count(contents.loose_text) == 0 with input as holds("tls-trust", "", "certificate", "der")
}
