package storewarden.rules.x_17_test

import data.storewarden.fixture
import data.storewarden.rules.x_17

found(role, this_update, next_update) := fs if {
	fs := x_17.finding with input as fixture.document({
		"now": 1000,
		"entries": [fixture.entry({"key": "ca.crl", "ext": ".crl"})],
		"crls": [fixture.crl({"role": role, "this_update": this_update, "next_update": next_update})],
	})
}

expired := {
	"code": "X-17", "entry": 0, "crl": 0,
	"args": {"upload": "--file ./ca.crl --encoding hex --content-type application/pkix-crl"},
}

future := {"code": "X-17", "entry": 0, "crl": 0, "variant": "future"}

test_warns if {
	every role in ["opcua-issuer", "opcua-trust"] {
		found(role, 900, 999) == {expired}
		found(role, 1001, 2000) == {future}
	}
}

test_denies_where_the_connector_does if {
	strict := fixture.config({"reject_unknown_revocation_status": true})
	past := found("opcua-issuer", 900, 999) with data.config as strict
	past == {object.union(expired, {"severity": "deny"})}
	ahead := found("opcua-issuer", 1001, 2000) with data.config as strict
	ahead == {object.union(future, {"severity": "deny"})}
}

test_silent_while_it_counts if {
	count(found("opcua-issuer", 1000, 1000)) == 0
}

test_silent_without_an_end if {
	count(found("opcua-issuer", 900, 0)) == 0
}

test_silent_elsewhere if {
	count(found("tls-trust", 900, 999)) == 0
	count(found("tls-trust", 1001, 0)) == 0
}
