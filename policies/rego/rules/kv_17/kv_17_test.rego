package storewarden.rules.kv_17_test

import data.storewarden.fixture
import data.storewarden.rules.kv_17

document(role, problems) := fixture.document({"entries": [fixture.entry({
	"role": role, "key": "a.crt", "ext": ".crt",
	"content": {"problems": problems},
})]})

args := {"upload": "--file ./a.crt --encoding hex --content-type application/x-pem-file"}

test_fires_for_lost_line_breaks if {
	every role in ["opcua-trust", "opcua-client", "tls-trust"] {
		kv_17.finding == {{"code": "KV-17", "entry": 0, "args": args}} with input as document(role, ["byte-order-mark", "lost-newlines"])
	}
}

test_fires_for_a_byte_order_mark if {
	kv_17.finding == {{"code": "KV-17", "entry": 0, "severity": "warn", "variant": "byte-order-mark", "args": args}} with input as document("opcua-trust", ["byte-order-mark"])
}

test_names_the_document_around if {
	every document in ["json", "yaml"] {
		kv_17.finding == {{"code": "KV-17", "entry": 0, "variant": document, "args": args}} with input as document_of("opcua-trust", ["lost-newlines", document])
	}
}

document_of(role, problems) := document(role, problems)

test_silent_for_other_problems if {
	count(kv_17.finding) == 0 with input as document("opcua-trust", ["text-around"])
}

test_silent_for_a_mark_before_other_text if {
	count(kv_17.finding) == 0 with input as fixture.document({"entries": [fixture.entry({
		"role": "opcua-trust",
		"content": {"kind": "text", "problems": ["byte-order-mark"]},
	})]})
}

test_silent_where_anything_goes if {
	every role in ["", "device-credential"] {
		every problem in ["lost-newlines", "byte-order-mark"] {
			count(kv_17.finding) == 0 with input as document(role, [problem])
		}
	}
}

test_silent_for_a_document_where_anything_goes if {
	count(kv_17.finding) == 0 with input as document("device-credential", ["lost-newlines", "json"])
}
