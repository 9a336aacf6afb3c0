package storewarden.rules.kv_25_test

import data.storewarden.fixture
import data.storewarden.rules.kv_25

found(kind, fields) := fs if {
	fs := kv_25.finding with input as fixture.document({
		"subject": {"kind": kind},
		"spc": {"vault": {"value": "kv"}, "client": {"value": "c"}, "tenant": {"value": "t"}},
		"unverified": [fixture.unverified(object.union({"as_class": true, "message": "m"}, fields))],
	})
}

args := {"keyvault": "kv", "client": "c", "tenant": "t", "detail": "m"}

test_fires if {
	found("SecretProviderClass", {"reason": "Firewall"}) == {{"code": "KV-25", "field": "spec.parameters.keyvaultName", "args": args}}
	found("SecretSync", {"reason": "Firewall"}) == {{"code": "KV-25", "field": "spec.secretProviderClassName", "args": args}}
}

test_silent_for_other_reasons if {
	every u in [{"reason": "Firewall", "as_class": false}, {"reason": "Forbidden"}, {"reason": "Timeout"}] {
		count(found("SecretProviderClass", u)) == 0
	}
}
