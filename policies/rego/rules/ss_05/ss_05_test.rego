package storewarden.rules.ss_05_test

import data.storewarden.fixture
import data.storewarden.rules.ss_05

found(key) := f if {
	f := ss_05.finding with input as fixture.document({"entries": [fixture.entry({"field": "f", "key": key})]})
}

test_fires if found("my-server.der/0") == {{"code": "SS-05", "entry": 0, "field": "f.targetKey", "args": {"renamed": "my-server.der"}}}

test_silent if found("my-server.der") == set()
