package storewarden.rules.u_10_test

import data.storewarden.fixture
import data.storewarden.rules.u_10

found(kind, fields) := fs if {
	fs := u_10.finding with input as fixture.document({
		"subject": {"kind": kind},
		"spc": {"vault": {"value": "kv"}, "client": {"value": "c"}, "tenant": {"value": "t"}},
		"unverified": [fixture.unverified(object.union({"as_class": true, "message": "m"}, fields))],
	})
}

args := {"keyvault": "kv", "client": "c", "tenant": "t", "detail": "m"}

test_fires if {
	found("SecretProviderClass", {"reason": "TokenFailed", "code": "AADSTS700213"}) == {{"code": "U-10", "field": "spec.parameters.clientID", "args": args}}
	found("SecretSync", {"reason": "TokenFailed", "code": "AADSTS700213"}) == {{"code": "U-10", "field": "spec.secretProviderClassName", "args": args}}
}

test_silent_for_other_reasons if {
	every u in [{"reason": "TokenFailed", "code": "AADSTS700016"}, {"reason": "Timeout"}] {
		count(found("SecretProviderClass", u)) == 0
	}
}
