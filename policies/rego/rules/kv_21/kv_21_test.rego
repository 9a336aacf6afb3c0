package storewarden.rules.kv_21_test

import data.storewarden.fixture
import data.storewarden.rules.kv_21

document(role, kind, trailing) := fixture.document({"entries": [fixture.entry({
	"role": role, "key": "a.der", "ext": ".der",
	"content": {"kind": kind, "trailing": trailing},
})]})

args := {"trailing": 7, "upload": "--file ./a.der --encoding hex --content-type application/pkix-cert"}

test_fires if {
	every role in ["opcua-trust", "opcua-client", "tls-trust"] {
		every kind, variant in {"certificate": "", "certificate-bundle": "", "crl": "crl"} {
			kv_21.finding == {{"code": "KV-21", "entry": 0, "variant": variant, "args": args}} with input as document(role, kind, 7)
		}
	}
}

test_silent_without_trailing_bytes if {
	count(kv_21.finding) == 0 with input as document("opcua-trust", "certificate", 0)
}

test_silent_for_other_kinds if {
	count(kv_21.finding) == 0 with input as document("opcua-trust", "pkcs12", 7)
}

test_silent_elsewhere if {
	every role in ["", "device-credential"] {
		count(kv_21.finding) == 0 with input as document(role, "certificate", 7)
	}
}
