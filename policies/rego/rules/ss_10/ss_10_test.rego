package storewarden.rules.ss_10_test

import data.storewarden.fixture
import data.storewarden.rules.ss_10

entry(key) := fixture.entry({"key": key, "stem": split(key, ".")[0], "ext": concat("", [".", split(key, ".")[1]])})

found(role, type, keys) := f if {
	f := ss_10.finding with input as fixture.document({
		"store": {"role": role},
		"sync": {"secret_type": type},
		"entries": [entry(k) | some k in keys],
	})
}

test_fires_for_two_names if {
	found("opcua-client", "Opaque", ["app.der", "key.pem"]) == {{
		"code": "SS-10", "field": "spec.secretObject.data",
		"args": {"keys": "app.der, key.pem"},
	}}
}

test_fires_otherwise if {
	every keys in [["app.der"], ["app.pem"], ["app.crt", "app.pem"], ["app.der", "app.pem", "b.der", "b.pem"], ["app.der", "app.pem", "b.pem"]] {
		count(found("opcua-client", "", keys)) == 1
	}
}

test_silent_for_a_pair if {
	found("opcua-client", "", ["app.pem", "app.DER"]) == set()
}

test_silent_for_another_type if found("opcua-client", "kubernetes.io/tls", ["tls.crt", "tls.key"]) == set()

test_silent_without_keys if found("opcua-client", "", []) == set()

test_silent_elsewhere if found("opcua-trust", "", ["app.der"]) == set()
