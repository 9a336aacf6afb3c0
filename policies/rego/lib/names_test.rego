package storewarden.lib.names_test

import data.storewarden.lib.names

# What the CRD was seen to take and to refuse.
test_legal_path if {
	every s in ["my-server.der", "my_server.der", "ab.der", "ca.crt", "opcplc-000000.crt", ".der", "x", "my-cert/0"] {
		names.legal_path(s)
	}
}

test_illegal_path if {
	every s in ["", "a.der", "a_b.der", "Server [0AFB].der", "my..der", "server.-x.der", "my-cert/tls.crt", "Ä.der"] {
		not names.legal_path(s)
	}
	not names.legal_path(concat("", ["a" | some _ in numbers.range(1, 254)]))
}

test_part_of if {
	names.part_of("my-cert/tls.crt") == "my-cert"
	not names.part_of("my-cert/0")
}

test_legal_secret if {
	names.legal_secret("my-server-der")
	not names.legal_secret("my-server.der")
	not names.legal_secret("")
}

test_suggestions if {
	names.as_secret("my_server.der") == "my-server-der"
	names.as_key("Server [0AFB].der") == "Server-0AFB.der"
	names.as_key("my..der") == "my.der"
}
