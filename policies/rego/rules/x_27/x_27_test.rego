package storewarden.rules.x_27_test

import data.storewarden.fixture
import data.storewarden.rules.x_27

document(role, usages) := fixture.document({
	"entries": [fixture.entry({"key": "a.der", "ext": ".der"})],
	"certificates": [fixture.certificate({"role": role, "ext_key_usage": usages})],
})

found(wanted, usages) := {{
	"code": "X-27", "entry": 0, "certificate": 0,
	"args": {"wanted": wanted, "usages": usages, "upload": "--file ./a.der --encoding hex --content-type application/pkix-cert"},
}}

test_fires if {
	x_27.finding == found("serverAuth", "clientAuth") with input as document("opcua-trust", ["clientAuth"])
	x_27.finding == found("clientAuth", "codeSigning, serverAuth") with input as document("opcua-client", ["serverAuth", "codeSigning"])
}

test_silent if {
	count(x_27.finding) == 0 with input as document("opcua-trust", ["serverAuth"])
	every role in ["opcua-trust", "opcua-client"] {
		count(x_27.finding) == 0 with input as fixture.document({
			"entries": [fixture.entry({})],
			"certificates": [fixture.certificate({"role": role, "ca": true, "ext_key_usage": ["codeSigning"]})],
		})
	}
	count(x_27.finding) == 0 with input as document("opcua-trust", [])
	count(x_27.finding) == 0 with input as document("opcua-trust", ["serverAuth", "clientAuth"])
	count(x_27.finding) == 0 with input as document("opcua-client", ["anyExtendedKeyUsage"])
}

requested(fields) := fixture.document({"issuance": object.union({"own": true}, fields)})

test_requested if {
	x_27.finding == {{
		"code": "X-27", "field": "spec.usages", "variant": "requested", "args": {"usages": "server auth"},
	}} with input as requested({"usages": ["digital signature", "server auth"]})
	every usages in [["digital signature"], ["server auth", "client auth"], ["server auth", "any"], []] {
		count(x_27.finding) == 0 with input as requested({"usages": usages})
	}
	count(x_27.finding) == 0 with input as fixture.document({"issuance": {"usages": ["server auth"]}})
}
