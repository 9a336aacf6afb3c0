package storewarden.rules.u_03_test

import data.storewarden.fixture
import data.storewarden.rules.u_03

document(reference) := fixture.document({"references": [fixture.reference(object.union(
	{"field": "f", "use": "certificate", "state": "found", "secret": "s", "key": "certificate", "keys": ["cert", "key"], "synced": true},
	reference,
))]})

found(variant) := {{
	"code": "U-03", "field": "f", "variant": variant,
	"args": {"use": "certificate", "secret": "s", "key": "certificate", "keys": "cert, key"},
}}

test_fires if {
	u_03.finding == found("") with input as document({})
	u_03.finding == found("by-hand") with input as document({"synced": false})
}

test_silent if {
	count(u_03.finding) == 0 with input as document({"key_found": true})
	count(u_03.finding) == 0 with input as document({"state": "absent"})
	count(u_03.finding) == 0 with input as document({"key": ""})
}
