package storewarden.rules.spc_27_test

import data.storewarden.fixture
import data.storewarden.rules.spc_27

found(format, type) := f if {
	f := spc_27.finding with input as fixture.document({"entries": [fixture.entry({"field": "f", "object": {"format": format, "type": type}})]})
}

test_fires if {
	found("der", "secret") == {{"code": "SPC-27", "entry": 0, "field": "f.objectFormat", "args": {"format": "der"}}}
}

test_fires_for_the_type if {
	found("PFX", "cert") == {{"code": "SPC-27", "entry": 0, "field": "f.objectFormat", "variant": "type", "args": {"format": "PFX"}}}
}

test_silent if {
	every format in ["", "PEM", "pfx"] {
		found(format, "secret") == set()
	}
	found("pem", "cert") == set()
}

test_silent_in_an_unreadable_object if {
	every object_ in [{"format": "der", "type": "secret"}, {"format": "pfx", "type": "cert"}] {
		count(spc_27.finding) == 0 with input as fixture.document({"entries": [fixture.entry({"trouble": "mapping", "object": object_})]})
	}
}
