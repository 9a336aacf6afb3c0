package storewarden.rules.kv_00_test

import data.storewarden.fixture
import data.storewarden.rules.kv_00

document(kind, asked, reason) := fixture.document({
	"subject": {"kind": kind},
	"vault_asked": asked,
	"spc": {"name": "spc", "vault": {"value": "kv"}},
	"entries": [
		fixture.entry({"id": 0, "state": "malformed"}),
		fixture.entry({"id": 1, "state": "unseen", "vault": {"secret": "a", "problem": problem(asked, reason)}}),
	],
	"unverified": [fixture.unverified({"reason": reason, "message": "m", "names": ["a", "b"]})],
})

problem(true, reason) := reason

problem(false, _) := ""

found(kind, asked, reason) := fs if {
	fs := kv_00.finding with input as document(kind, asked, reason)
}

general := {"count": 2, "names": "a, b", "first": "a", "reason": "Timeout", "detail": "m", "keyvault": "kv", "class": "spc"}

test_fires_for_each_group if {
	found("SecretProviderClass", true, "Timeout") == {{
		"code": "KV-00", "field": "spec.parameters.keyvaultName", "variant": "",
		"args": general,
	}}
	found("SecretSync", true, "Timeout") == {{
		"code": "KV-00", "field": "spec.secretProviderClassName", "variant": "",
		"args": general,
	}}
}

test_has_a_remedy_for_each_reason if {
	every reason in ["Forbidden", "Firewall", "WrongTenant", "TokenFailed", "NameNotResolved", "TLS", "Throttled", "NotAllowed", "ProviderClassUnseen"] {
		some f in found("SecretSync", true, reason)
		f.variant == reason
		not "severity" in object.keys(f)
	}
}

test_is_mild_where_the_class_tells_itself if {
	every reason in ["ProviderClassAbsent", "ProviderClassMalformed"] {
		some f in found("SecretSync", true, reason)
		f.severity == "info"
	}
}

severity_of(as_class) := [object.get(f, "severity", "") | some f in fs] if {
	fs := kv_00.finding with input as fixture.document({
		"subject": {"kind": "SecretSync"},
		"unverified": [fixture.unverified({"reason": "Forbidden", "as_class": as_class})],
	})
}

test_is_mild_beside_a_finding_about_the_cause if {
	severity_of(true) == ["info"]
	severity_of(false) == [""]
}

test_names_a_group_without_names if {
	some f in kv_00.finding with input as fixture.document({
		"subject": {"kind": "SecretSync"},
		"unverified": [fixture.unverified({"reason": "Timeout"})],
	})
	f.args.first == "SECRET"
}

test_silent_for_what_other_rules_tell if {
	every reason in ["NotFound", "SoftDeleted", "Disabled"] {
		count(found("SecretProviderClass", true, reason)) == 0
	}
}

test_says_once_that_no_vault_was_given if {
	found("SecretProviderClass", false, "Unreachable") == {{
		"code": "KV-00", "field": "spec.parameters.keyvaultName", "variant": "not-asked", "severity": "info",
		"args": {"secrets": "1 vault secret"},
	}}
	count(found("SecretSync", false, "Unreachable")) == 0
}

test_says_that_a_malformed_class_keeps_the_vault_unseen if {
	every asked in [true, false] {
		"ProviderClassMalformed" in {f.variant | some f in found("SecretProviderClass", asked, "ProviderClassMalformed")}
	}
}

test_says_without_a_vault_that_the_class_was_not_seen if {
	some f in found("SecretSync", false, "ProviderClassUnseen")
	f.variant == "ProviderClassUnseen"
}

test_silent_where_there_was_nothing_to_verify if {
	count(kv_00.finding) == 0 with input as fixture.document({"vault_asked": false, "subject": {"kind": "SecretProviderClass"}})
	count(kv_00.finding) == 0 with input as fixture.document({"subject": {"kind": "SecretProviderClass"}, "entries": [fixture.entry({"state": "unseen"})]})
}

test_counts_only_what_no_vault_was_asked_for if {
	fs := kv_00.finding with input as fixture.document({
		"subject": {"kind": "SecretProviderClass"}, "vault_asked": false,
		"entries": [
			fixture.entry({"id": 0, "state": "unseen"}),
			fixture.entry({"id": 1, "state": "unseen", "vault": {"problem": "ProviderClassMalformed"}}),
		],
	})
	[f.args.secrets | some f in fs] == ["1 vault secret"]
}
