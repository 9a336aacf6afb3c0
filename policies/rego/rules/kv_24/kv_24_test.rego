package storewarden.rules.kv_24_test

import data.storewarden.fixture
import data.storewarden.rules.kv_24

found(kind, fields) := fs if {
	fs := kv_24.finding with input as fixture.document({
		"subject": {"kind": kind},
		"spc": {"vault": {"value": "kv"}, "client": {"value": "c"}, "tenant": {"value": "t"}},
		"unverified": [fixture.unverified(object.union({"as_class": true, "message": "m"}, fields))],
	})
}

args := {"keyvault": "kv", "client": "c", "tenant": "t", "detail": "m"}

test_fires if {
	found("SecretProviderClass", {"reason": "Forbidden", "code": "ForbiddenByRbac"}) == {{"code": "KV-24", "field": "spec.parameters.keyvaultName", "variant": "", "args": args}}
	found("SecretSync", {"reason": "Forbidden", "code": "ForbiddenByRbac"}) == {{"code": "KV-24", "field": "spec.secretProviderClassName", "variant": "", "args": args}}
}

test_tells_of_access_policies if {
	every code in ["ForbiddenByPolicy", "AccessDenied"] {
		some f in found("SecretSync", {"reason": "Forbidden", "code": code})
		f.variant == "policy"
	}
}

test_silent_for_other_reasons if {
	every u in [{"reason": "Forbidden", "as_class": false}, {"reason": "Firewall"}, {"reason": "Timeout"}] {
		count(found("SecretProviderClass", u)) == 0
	}
}
