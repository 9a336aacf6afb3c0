package storewarden.lib.cause_test

import data.storewarden.fixture
import data.storewarden.lib.cause

causes(kind, u) := {c | c := cause.of(u) with input as fixture.document({"subject": {"kind": kind}})}

seen(as_class, reason, code) := fixture.unverified({"as_class": as_class, "reason": reason, "code": code})

test_of_the_class if {
	every expected in [
		["Forbidden", "ForbiddenByRbac", "KV-24"], ["Firewall", "ForbiddenByFirewall", "KV-25"],
		["TokenFailed", "AADSTS70021", "U-10"], ["TokenFailed", "AADSTS700213", "U-10"],
		["TokenFailed", "AADSTS700016", "SPC-08"], ["TokenFailed", "AADSTS90002", "SPC-05"],
	] {
		causes("SecretProviderClass", seen(true, expected[0], expected[1])) == {expected[2]}
		count(causes("SecretProviderClass", seen(false, expected[0], expected[1]))) == 0
	}
}

test_of_anybody if {
	every as_class in [true, false] {
		causes("SecretSync", seen(as_class, "Throttled", "Throttled")) == {"KV-26"}
		count(causes("SecretSync", seen(as_class, "Throttled", ""))) == 0
		count(causes("SecretSync", seen(as_class, "Timeout", ""))) == 0
	}
}

test_only_a_class_has_parameters if {
	every code in ["AADSTS700016", "AADSTS90002"] {
		count(causes("SecretSync", seen(true, "TokenFailed", code))) == 0
	}
}

test_other_codes_are_no_cause if {
	every code in ["", "AADSTS7000215"] {
		count(causes("SecretProviderClass", seen(true, "TokenFailed", code))) == 0
	}
}
