package storewarden.rules.ss_06_test

import data.storewarden.fixture
import data.storewarden.rules.ss_06

found(source, key, near) := f if {
	entry := fixture.entry({"field": "f", "source_path": source, "key": key, "near": near})
	f := ss_06.finding with input as fixture.document({"entries": [entry]})
}

test_fires_for_a_key if {
	found("my-server-der", "Server [0AFB].der", "") == {{
		"code": "SS-06", "entry": 0, "field": "f.targetKey", "variant": "named",
		"args": {"what": "targetKey", "value": "Server [0AFB].der", "suggested": "Server-0AFB.der"},
	}}
}

test_fires_for_a_path if {
	some f in found("my server", "my-server.der", "")
	f.field == "f.sourcePath"
	f.args.suggested == "my-server"
}

test_fires_for_both if count(found("", "a.der", "")) == 2

test_says_that_it_is_empty if {
	some f in found("", "my-server.der", "")
	f.variant == "empty"
}

test_has_no_name_for_one_letter if {
	some f in found("my-server-der", "a.der", "")
	f.variant == ""
}

test_leaves_a_file_name_to_another if found("a.der", "my-server.der", "file-name") == set()

test_silent_for_legal_names if found("my-server-der", "my-server.der", "") == set()

test_leaves_the_part_of_a_certificate_to_another if found("my-cert/tls.crt", "my-server.der", "") == set()
