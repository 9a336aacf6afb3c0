package storewarden.rules.ss_18_test

import data.storewarden.fixture
import data.storewarden.rules.ss_18

found(role, type, keys) := f if {
	f := ss_18.finding with input as fixture.document({
		"store": {"role": role},
		"sync": {"secret_type": type},
		"entries": [fixture.entry({"key": k}) | some k in keys],
	})
}

test_fires_for_a_store if {
	every role in ["opcua-trust", "opcua-client", "tls-trust"] {
		found(role, "kubernetes.io/tls", ["server.der"]) == {{"code": "SS-18", "field": "spec.secretObject.type", "variant": "store"}}
	}
}

test_fires_for_other_keys if {
	found("device-credential", "kubernetes.io/tls", ["certificate", "privateKey", "tls.key"]) == {{
		"code": "SS-18", "field": "spec.secretObject.type",
		"args": {"keys": "certificate, privateKey"},
	}}
}

test_silent_for_its_own_keys if found("", "kubernetes.io/tls", ["tls.crt", "tls.key"]) == set()

test_silent_for_opaque if {
	every type in ["", "Opaque"] {
		found("opcua-trust", type, ["server.der"]) == set()
	}
}
