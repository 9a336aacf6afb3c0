package storewarden.rules.kv_11_test

import data.storewarden.fixture
import data.storewarden.rules.kv_11

found(state, encoding, vault, content) := fs if {
	fs := kv_11.finding with input as fixture.document({"entries": [fixture.entry({
		"key": "a.der", "ext": ".der", "state": state,
		"object": {"name": "a", "encoding": encoding},
		"vault": vault, "content": content,
	})]})
}

denied(variant, declared, encoding) := {{
	"code": "KV-11", "entry": 0, "variant": variant,
	"args": {"declared": declared, "upload": sprintf("--file ./a.der --encoding %s --content-type application/pkix-cert", [encoding])},
}}

warned(declared, actual) := {{
	"code": "KV-11", "entry": 0, "severity": "warn", "variant": "tag",
	"args": {"declared": declared, "actual": actual},
}}

test_fires_for_base64_that_is_not_declared if {
	every encoding, declared in {"": "no objectEncoding", "utf-8": "objectEncoding: utf-8"} {
		found("undecodable", encoding, {"mismatch": "wrapped"}, {"wrapped": "base64"}) == denied("base64-undeclared", declared, "hex")
	}
}

test_fires_for_what_is_not_base64 if {
	found("undecodable", "base64", {"mismatch": "pem"}, {}) == denied("pem-as-base64", "objectEncoding: base64", "base64")
	found("undecodable", "BASE64", {"mismatch": "other"}, {}) == denied("not-base64", "objectEncoding: BASE64", "base64")
}

test_fires_for_whatever_else_is_undecodable if {
	found("undecodable", "hex", {"mismatch": "other", "file_encoding": "utf-8"}, {}) == denied("", "objectEncoding: hex", "hex")
}

test_warns_of_a_wrong_tag if {
	found("decoded", "hex", {"file_encoding": "utf-8"}, {"kind": "certificate"}) == warned("objectEncoding: hex", "hex")
	found("decoded", "", {"file_encoding": "hex"}, {"kind": "certificate"}) == warned("no objectEncoding", "utf-8")
}

test_silent_where_tag_and_entry_agree if {
	count(found("decoded", "HEX", {"file_encoding": "hex"}, {"kind": "certificate"})) == 0
	count(found("decoded", "", {"file_encoding": "ascii"}, {"kind": "certificate"})) == 0
	count(found("decoded", "hex", {"file_encoding": ""}, {"kind": "certificate"})) == 0
}

test_silent_for_text_that_decodes if {
	count(found("decoded", "", {"file_encoding": "hex"}, {"kind": "text"})) == 0
}

test_silent_for_what_is_not_seen if {
	every state in ["malformed", "unresolved", "unseen"] {
		count(found(state, "hex", {"file_encoding": "utf-8"}, {})) == 0
	}
}

test_silent_for_a_certificate_resource if {
	count(found("undecodable", "", {"mismatch": "wrapped", "certificate_resource": true}, {"wrapped": "base64"})) == 0
}

test_has_no_wording_for_what_other_rules_tell if {
	found("undecodable", "", {"mismatch": "wrapped"}, {"wrapped": "hex"}) == denied("", "no objectEncoding", "hex")
	found("undecodable", "hex", {"mismatch": "wrapped"}, {"wrapped": "base64"}) == denied("", "objectEncoding: hex", "hex")
	found("undecodable", "hex", {"mismatch": "pem"}, {}) == denied("", "objectEncoding: hex", "hex")
}
