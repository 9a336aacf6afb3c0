package storewarden.rules.ss_02_test

import data.storewarden.fixture
import data.storewarden.rules.ss_02

found(state, path, suggestion) := f if {
	entry := fixture.entry({"field": "f", "state": state, "source_path": path, "suggestion": suggestion})
	f := ss_02.finding with input as fixture.document({"entries": [entry]})
}

test_fires if found("unresolved", "my-server", "") == {{"code": "SS-02", "entry": 0, "field": "f.sourcePath", "variant": ""}}

test_names_what_is_there if {
	some f in found("unresolved", "my-sever-der", "my-server-der")
	f.variant == "like"
}

test_silent_when_resolved if found("decoded", "my-server-der", "") == set()

test_leaves_an_illegal_path_to_another if found("unresolved", "my server", "") == set()

# Of a certificate that is not there, its part is not there either; that of one
# which is there is SS-36's.
part(near) := f if {
	entry := fixture.entry({"state": "unresolved", "source_path": "my-cert/tls.crt", "near": near})
	f := ss_02.finding with input as fixture.document({"entries": [entry]})
}

test_part_of_a_certificate if {
	count(part("")) == 1
	part("part") == set()
}
