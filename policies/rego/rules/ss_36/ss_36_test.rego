package storewarden.rules.ss_36_test

import data.storewarden.fixture
import data.storewarden.rules.ss_36

found(path, near, state) := f if {
	f := ss_36.finding with input as fixture.document({"entries": [fixture.entry({"field": "f", "source_path": path, "near": near, "state": state})]})
}

test_fires if {
	want := {{"code": "SS-36", "entry": 0, "field": "f.sourcePath", "args": {"base": "my-cert"}}}
	found("my-cert/tls.crt", "part", "unresolved") == want
	found("my-cert/tls.key", "", "unseen") == want
}

test_silent if {
	found("my-cert/tls.crt", "", "unresolved") == set()
	found("my-cert/0", "", "unseen") == set()
}
