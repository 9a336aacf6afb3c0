package storewarden.lib.upload_test

import data.storewarden.fixture
import data.storewarden.lib.upload

options(key, ext, object) := text if {
	text := upload.options[0] with input as fixture.document({"entries": [fixture.entry({"key": key, "ext": ext, "object": object})]})
}

test_declared_encoding if {
	options("a.crt", ".crt", {"name": "a", "encoding": "HEX"}) == "--file ./a.crt --encoding hex --content-type application/x-pem-file"
	options("a.der", ".der", {"name": "a", "encoding": "base64"}) == "--file ./a.der --encoding base64 --content-type application/pkix-cert"
}

test_text if {
	options("a.crt", ".crt", {"name": "a"}) == "--file ./a.crt --encoding utf-8 --content-type application/x-pem-file"
	options("password", "", {"name": "a", "encoding": "utf-8"}) == "--file ./password --encoding utf-8 --content-type text/plain"
}

test_binary_is_never_text if {
	options("a.DER", ".DER", {"name": "a"}) == "--file ./a.DER --encoding hex --content-type application/pkix-cert"
	options("a.crl", ".crl", {"name": "a"}) == "--file ./a.crl --encoding hex --content-type application/pkix-crl"
}

test_secret_by_hand if {
	options("a.pem", ".pem", {}) == "--file ./a.pem --encoding hex --content-type application/x-pem-file"
}

test_entry_without_a_key if {
	options("", "", {"name": "a", "encoding": "hex"}) == "--file ./FILE --encoding hex"
}

test_declares_what_is_binary if {
	words := upload.declare with input as fixture.document({"entries": [
		fixture.entry({"id": 0, "ext": ".DER"}),
		fixture.entry({"id": 1, "ext": ".der", "object": {"encoding": "hex"}}),
		fixture.entry({"id": 2, "ext": ".crt"}),
	]})
	contains(words[0], "objectEncoding: hex")
	words[1] == ""
	words[2] == ""
}

test_encoding_of_nothing_is_not_declared if {
	options("a.der", ".der", {"encoding": "base64"}) == "--file ./a.der --encoding hex --content-type application/pkix-cert"
}
