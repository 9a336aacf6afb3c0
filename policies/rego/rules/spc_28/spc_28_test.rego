package storewarden.rules.spc_28_test

import data.storewarden.fixture
import data.storewarden.rules.spc_28

found(format, role, state, backed, kind) := f if {
	e := fixture.entry({
		"role": role, "state": state, "field": "f", "object": {"format": format},
		"vault": {"certificate_resource": backed}, "content": {"kind": kind},
	})
	f := spc_28.finding with input as fixture.document({"subject": {"kind": "SecretProviderClass"}, "entries": [e]})
}

test_fires_unseen if {
	found("PFX", "opcua-trust", "unseen", false, "") == {{"code": "SPC-28", "entry": 0, "field": "f.objectFormat"}}
}

test_warns_where_it_does_nothing if {
	found("pfx", "opcua-trust", "decoded", false, "certificate") == {{
		"code": "SPC-28", "entry": 0, "field": "f.objectFormat", "severity": "warn", "variant": "idle",
	}}
}

test_never_milder_than_what_says_it_all if {
	some backed in found("pfx", "opcua-trust", "decoded", true, "certificate")
	backed.severity == "deny"
	some kind in found("pfx", "opcua-trust", "decoded", false, "pkcs12")
	kind.severity == "deny"
}

test_silent if {
	found("", "opcua-trust", "unseen", false, "") == set()
	found("pfx", "", "unseen", false, "") == set()
	found("pfx", "opcua-trust", "undecodable", false, "") == set()
}
