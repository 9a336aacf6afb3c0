package storewarden.rules.kv_22_test

import data.storewarden.fixture
import data.storewarden.rules.kv_22

found(kind, size, encoding) := f if {
	f := kv_22.finding with input as fixture.document({"entries": [fixture.entry({"object": {"encoding": encoding}, "content": {"kind": kind, "size": size}})]})
}

test_fires_near if {
	found("crl", 12000, "HEX") == {{"code": "KV-22", "entry": 0, "args": {"size": 12000, "length": 24000}}}
	count(found("crl", 18000, "base64")) == 1
}

test_fires_over if {
	found("text", 25601, "") == {{"code": "KV-22", "entry": 0, "severity": "deny", "variant": "over", "args": {"length": 25601}}}
}

test_silent if {
	found("crl", 11000, "hex") == set()
	found("text", 25000, "") == set()
}
