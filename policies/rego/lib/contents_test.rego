package storewarden.lib.contents_test

import data.storewarden.fixture
import data.storewarden.lib.contents

holds(fields) := fixture.document({"entries": [fixture.entry(object.union(
	{"role": "opcua-trust", "state": "decoded", "content": {"kind": "certificate"}},
	fields,
))]})

test_unsuited if {
	count(contents.unsuited) == 1 with input as holds({})
	every fields in [{"suits": true}, {"content": {"kind": ""}}, {"role": "device-credential"}] {
		count(contents.unsuited) == 0 with input as holds(fields)
	}
}

test_loose_text if {
	text := {"role": "tls-trust", "content": {"kind": "text"}}
	contents.loose_text == {0} with input as holds(text)
	every other in [{"role": "opcua-trust"}, {"content": {"kind": "certificate"}}, {"ext": ".crt"}, {"suits": true}] {
		count(contents.loose_text) == 0 with input as holds(object.union(text, other))
	}
}
