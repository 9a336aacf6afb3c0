package storewarden.rules.ss_20_test

import data.storewarden.fixture
import data.storewarden.rules.ss_20

found(operation, old, new, role, keys) := f if {
	f := ss_20.finding with input as fixture.document({
		"operation": operation, "sync": {"old_type": old, "secret_type": new}, "store": {"role": role},
		"entries": [fixture.entry({"key": k}) | some k in keys],
	})
}

test_fires if {
	found("update", "kubernetes.io/tls", "", "opcua-trust", ["a.der"]) == {{
		"code": "SS-20", "field": "spec.secretObject.type", "args": {"old": "kubernetes.io/tls", "new": "Opaque"},
	}}
	count(found("update", "Opaque", "kubernetes.io/tls", "", ["tls.crt", "tls.key"])) == 1
}

test_silent if {
	found("update", "", "Opaque", "", []) == set()
	found("create", "x", "Opaque", "", []) == set()
	found("update", "Opaque", "x", "", []) == set()
	found("update", "Opaque", "kubernetes.io/tls", "opcua-trust", []) == set()
	found("update", "Opaque", "kubernetes.io/tls", "", ["ca.crt"]) == set()
}
