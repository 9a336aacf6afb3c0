# METADATA
# description: |
#   What rules' tests are made of. data.fixture holds a document of every type
#   with zero values, made from the Go types by the test runner; the functions
#   here put values over it and are undefined for a field that does not exist,
#   so a test cannot pass on a misspelt one.
package storewarden.fixture

over(base, fields) := object.union(base, fields) if {
	every k, v in fields {
		k in object.keys(base)
		known(base[k], v)
	}
}

known(_, v) if not is_object(v)

known(base, v) if every k, _ in v {
	k in object.keys(base)
}

entry(fields) := over(data.fixture.entry, fields)

# certificate is an application's own unless fields say otherwise.
certificate(fields) := object.union(c, {"end_entity": end_entity(c.ca, c.application)}) if {
	c := over(data.fixture.certificate, fields)
}

end_entity(ca, application) := true in {application, ca == false}

crl(fields) := over(data.fixture.crl, fields)

key(fields) := over(data.fixture.key, fields)

removed(fields) := over(data.fixture.removed, fields)

endpoint(fields) := over(data.fixture.endpoint, fields)

reference(fields) := over(data.fixture.reference, fields)

referrer(fields) := over(data.fixture.referrer, fields)

exception(fields) := over(data.fixture.exception, fields)

unverified(fields) := over(data.fixture.unverified, fields)

# document is a SecretSync's unless fields say otherwise.
document(fields) := over(data.fixture.document, fields)

config(fields) := over(data.fixture.config, fields)
