package storewarden.rules.ss_19_test

import data.storewarden.fixture
import data.storewarden.rules.ss_19

found(type) := f if {
	f := ss_19.finding with input as fixture.document({"sync": {"secret_type": type}})
}

test_fires if {
	found("kubernetes.io/service-account-token") == {{
		"code": "SS-19", "field": "spec.secretObject.type", "args": {"type": "kubernetes.io/service-account-token"},
	}}
}

test_silent if {
	every type in ["", "Opaque", "kubernetes.io/tls"] {
		found(type) == set()
	}
}
