package storewarden.rules.spc_36_test

import data.storewarden.fixture
import data.storewarden.rules.spc_36

found(provider, cloud) := f if {
	f := spc_36.finding with input as fixture.document({"spc": {"provider": provider, "cloud": cloud}})
}

test_fires if {
	found("azure", "Public") == {{"code": "SPC-36", "field": "spec.parameters.cloudName", "args": {"cloud": "Public"}}}
}

test_silent if {
	found("azure", "") == set()
	found("azure", "AzureChinaCloud") == set()
	found("vault", "Public") == set()
}
