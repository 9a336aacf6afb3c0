package custom.rules.acme_01_test

import data.custom.rules.acme_01
import data.storewarden.fixture

# A trust list with one certificate, which lives from the first to the second
# moment, in seconds since 1970.
trust_list(from, to, ca) := fixture.document({
	"store": {"role": "opcua-trust"},
	"entries": [fixture.entry({"key": "press-1.der"})],
	"certificates": [fixture.certificate({"not_before": from, "not_after": to, "ca": ca})],
})

test_fires_for_twenty_years if {
	acme_01.finding == {{
		"code": "ACME-01", "entry": 0, "certificate": 0,
		"args": {"years": 20},
	}} with input as trust_list(0, 631152000, false)
}

test_silent_for_five_years if {
	count(acme_01.finding) == 0 with input as trust_list(0, 157788000, false)
}

test_silent_for_a_ca if {
	count(acme_01.finding) == 0 with input as trust_list(0, 631152000, true)
}

test_silent_in_another_store if {
	document := object.union(trust_list(0, 631152000, false), {"store": {"role": "opcua-client"}})
	count(acme_01.finding) == 0 with input as document
}
