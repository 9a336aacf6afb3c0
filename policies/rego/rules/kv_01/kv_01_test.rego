package storewarden.rules.kv_01_test

import data.storewarden.fixture
import data.storewarden.rules.kv_01

document(problem, object) := fixture.document({"entries": [fixture.entry({
	"key": "a.der", "ext": ".der",
	"object": object, "vault": {"problem": problem},
})]})

upload := {"upload": "--file ./a.der --encoding hex --content-type application/pkix-cert"}

test_fires if {
	kv_01.finding == {{"code": "KV-01", "entry": 0, "args": upload}} with input as document("NotFound", {"name": "a", "encoding": "hex"})
}

test_tells_of_the_missing_encoding if {
	kv_01.finding == {{"code": "KV-01", "entry": 0, "variant": "encoding", "args": upload}} with input as document("NotFound", {"name": "a"})
}

test_fires_for_a_pinned_version if {
	kv_01.finding == {{"code": "KV-01", "entry": 0, "variant": "version", "args": {"pinned": "v1"}}} with input as document("NotFound", {"name": "a", "version": "v1"})
}

test_silent_for_other_problems if {
	every problem in ["", "Disabled", "SoftDeleted", "Forbidden"] {
		every version in ["", "v1"] {
			count(kv_01.finding) == 0 with input as document(problem, {"name": "a", "version": version})
		}
	}
}

test_says_a_pinned_version_once if {
	every encoding in ["", "hex"] {
		count(kv_01.finding) == 1 with input as document("NotFound", {"name": "a", "version": "v1", "encoding": encoding})
	}
}

test_wants_no_encoding_for_text if {
	fs := kv_01.finding with input as fixture.document({"entries": [fixture.entry({
		"key": "a.crt", "ext": ".crt",
		"object": {"name": "a"}, "vault": {"problem": "NotFound"},
	})]})
	every f in fs {
		not "variant" in object.keys(f)
	}
	count(fs) == 1
}
