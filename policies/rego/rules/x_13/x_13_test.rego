package storewarden.rules.x_13_test

import data.storewarden.fixture
import data.storewarden.rules.x_13

ca := {"role": "opcua-issuer", "ca": true}

found(fields, others) := fs if {
	fs := x_13.finding with input as fixture.document({
		"entries": array.concat([fixture.entry({"id": 0, "stem": "ca", "ext": ".der", "state": "decoded"})], others),
		"certificates": [fixture.certificate(object.union(ca, fields))],
	})
}

test_warns if {
	every role in ["opcua-trust", "opcua-issuer"] {
		found({"role": role}, []) == {{"code": "X-13", "entry": 0, "certificate": 0}}
	}
}

test_denies_where_the_connector_does if {
	strict := fixture.config({"reject_unknown_revocation_status": true})
	fs := found({}, []) with data.config as strict
	fs == {{"code": "X-13", "entry": 0, "certificate": 0, "severity": "deny", "variant": "rejected"}}
}

test_silent_for_a_covered_ca if {
	count(found({"covered": true}, [])) == 0
}

test_silent_for_a_leaf if {
	count(found({"ca": false}, [])) == 0
	count(found({"application": true}, [])) == 0
}

test_silent_elsewhere if {
	count(found({"role": "tls-trust"}, [])) == 0
}

test_silent_where_a_crl_of_the_name_has_its_own_finding if {
	count(found({}, [fixture.entry({"id": 1, "stem": "ca", "ext": ".CRL", "state": "decoded"})])) == 0
}

test_fires_beside_the_crl_of_another_ca if {
	count(found({}, [fixture.entry({"id": 1, "stem": "other", "ext": ".crl", "state": "decoded"})])) == 1
}

test_silent_where_the_crl_may_be_what_was_not_seen if {
	every state in ["unseen", "undecodable", "unresolved", "malformed"] {
		count(found({}, [fixture.entry({"id": 1, "stem": "x", "ext": ".der", "state": state})])) == 0
	}
}
