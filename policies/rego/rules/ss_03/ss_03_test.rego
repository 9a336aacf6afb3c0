package storewarden.rules.ss_03_test

import data.storewarden.fixture
import data.storewarden.rules.ss_03

found(near, state) := f if {
	entry := fixture.entry({"field": "f", "near": near, "state": state, "suggestion": "my-server-der"})
	f := ss_03.finding with input as fixture.document({"entries": [entry]})
}

test_fires if found("file-name", "unresolved") == {{"code": "SS-03", "entry": 0, "field": "f.sourcePath"}}

test_silent_for_another_cause if found("history", "unresolved") == set()

test_silent_when_resolved if found("file-name", "decoded") == set()
