package storewarden.lib.lists_test

import data.storewarden.fixture
import data.storewarden.lib.lists

unread(key, stem, ext, content) := words if {
	words := lists.unread with input as fixture.document({"entries": [fixture.entry({"key": key, "stem": stem, "ext": ext, "content": content})]})
}

test_unread if {
	unread("a.pem", "a", ".pem", {})[0].extension == ".pem"
	unread("abc", "abc", "", {})[0].extension == "no extension"
	unread("Server [0AFB].cer", "Server [0AFB]", ".cer", {})[0].extension == ".cer"
}

test_read if {
	every ext in [".der", ".crt", ".crl", ".DER"] {
		count(unread(concat("", ["a", ext]), "a", ext, {})) == 0
	}
}

test_illegal_key_without_an_extension if {
	count(unread("my server", "my server", "", {})) == 0
	count(unread("server.d er", "server", ".d er", {})) == 0
}

test_renamed if {
	unread("a.pem", "a", ".pem", {"kind": "certificate", "format": "pem"})[0].renamed == "a.crt"
	unread("a.cer", "a", ".cer", {"kind": "certificate", "format": "der"})[0].renamed == "a.der"
	unread("a", "a", "", {"kind": "crl", "format": "der"})[0].renamed == "a.crl"
	startswith(unread("a.cer", "a", ".cer", {})[0].renamed, "a.der for a DER certificate")
}

test_declare if {
	words := lists.declare with input as fixture.document({"entries": [
		fixture.entry({"id": 0, "object": {"encoding": "HEX"}}),
		fixture.entry({"id": 1}),
	]})
	words[0] == ""
	contains(words[1], "objectEncoding: hex")
}
