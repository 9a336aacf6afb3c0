package storewarden.rules.x_08_test

import data.storewarden.fixture
import data.storewarden.rules.x_08

document(state, fields) := fixture.document({
	"store": {"trust": "trust", "trust_state": state},
	"entries": [fixture.entry({})],
	"certificates": [fixture.certificate(object.union({"ca": true, "anchor_state": "absent"}, fields))],
})

test_warns if {
	x_08.finding == {{"code": "X-08", "entry": 0, "certificate": 0, "args": {"trust": "trust"}}} with input as document("seen", {})
}

test_denies_beside_an_empty_trust_list if {
	every state in ["empty", "absent"] {
		x_08.finding == {{
			"code": "X-08", "entry": 0, "certificate": 0, "severity": "deny", "variant": "empty",
			"args": {"trust": "trust", "state": state},
		}} with input as document(state, {})
	}
}

test_silent if {
	every other in [{"ca": false}, {"application": true}, {"anchor_state": "found"}, {"anchor_state": "unseen"}] {
		count(x_08.finding) == 0 with input as document("seen", other)
		count(x_08.finding) == 0 with input as document("absent", other)
	}
}

test_silent_where_the_trust_list_lives_elsewhere if {
	every pattern in ["SecretSync/trust", "Secret/*"] {
		count(x_08.finding) == 0 with input as document("absent", {})
			with data.config as fixture.config({"external": [pattern]})
		count(x_08.finding) == 1 with input as document("empty", {})
			with data.config as fixture.config({"external": [pattern]})
	}
	count(x_08.finding) == 1 with input as document("absent", {})
		with data.config as fixture.config({"external": ["SecretSync/other"]})
}
