package storewarden.rules.u_01_test

import data.storewarden.fixture
import data.storewarden.rules.u_01

document(syncs, reference) := fixture.document({
	"store": {"syncs": syncs},
	"references": [fixture.reference(object.union({"field": "f", "use": "trust list", "secret": "my-trust-list", "state": "absent"}, reference))],
})

found(severity, key) := {{
	"code": "U-01", "field": "f", "severity": severity,
	"args": {"use": "trust list", "secret": "my-trust-list", "key": key},
}}

test_fires if {
	u_01.finding == found("deny", "ca.crt") with input as document(true, {})
}

test_only_warns_where_no_secret_sync_is_known if {
	u_01.finding == found("warn", "ca.crt") with input as document(false, {})
}

test_silent if {
	every state in ["found", "unseen", "malformed"] {
		count(u_01.finding) == 0 with input as document(true, {"state": state})
	}
}

test_silent_for_what_is_kept_elsewhere if {
	count(u_01.finding) == 0 with input as document(true, {})
		with data.config as fixture.config({"external": ["Secret/my-*"]})
}
