package storewarden.rules.kv_18_test

import data.storewarden.fixture
import data.storewarden.rules.kv_18

found(role, ext, content) := fs if {
	fs := kv_18.finding with input as fixture.document({"entries": [fixture.entry({
		"role": role, "ext": ext, "key": concat("", ["a", ext]), "content": content,
	})]})
}

wording(role, ext, content) := w if {
	fs := found(role, ext, content)
	count(fs) == 1
	some f in fs
	f.code == "KV-18"
	startswith(f.args.upload, "--file ./a")
	w := object.remove(f, ["code", "entry", "args"])
}

test_fires_for_what_is_no_certificate if {
	every kind, variant in {"text": "", "unknown": "", "empty": "empty", "csr": "csr", "pkcs7": "pkcs7", "public-key": "public-key"} {
		wording("opcua-trust", ".der", {"kind": kind}) == {"variant": variant}
		wording("tls-trust", ".crt", {"kind": kind}) == {"variant": variant}
	}
}

test_names_corrupted_bytes if {
	wording("opcua-trust", ".der", {"kind": "text", "problems": ["replacement-chars"]}) == {"variant": "corrupted"}
	wording("tls-trust", "", {"kind": "text", "problems": ["replacement-chars"]}) == {"variant": "corrupted"}
}

test_fires_for_a_crl_in_the_place_of_a_certificate if {
	wording("opcua-issuer", ".der", {"kind": "crl", "crls": 1}) == {"variant": "crl"}
	wording("opcua-issuer", ".CRT", {"kind": "crl", "crls": 0}) == {"variant": "crl"}
	wording("tls-trust", ".crt", {"kind": "crl", "crls": 1}) == {"variant": "crl-in-bundle"}
}

test_warns_of_a_label if {
	wording("opcua-trust", ".crt", {"kind": "certificate", "format": "pem", "certificates": 1, "problems": ["openssl-label"]}) == {"variant": "label", "severity": "warn"}
	count(found("opcua-trust", ".crt", {"kind": "private-key", "problems": ["openssl-label"]})) == 0
}

test_names_what_it_is_instead if {
	every problem, variant in {"utf-16": "utf-16", "java-keystore": "java-keystore", "bad-certificate": "damaged", "bad-crl": "damaged"} {
		wording("opcua-trust", ".der", {"kind": "unknown", "problems": [problem]}) == {"variant": variant}
	}
	every problem in ["html", "json", "yaml"] {
		wording("opcua-trust", ".crt", {"kind": "text", "problems": [problem]}) == {"variant": problem}
	}
	wording("opcua-trust", ".der", {"kind": "text", "layers": "hex of base64"}) == {"variant": "encoded"}
}

test_warns_of_text_beside_a_bundle if {
	wording("tls-trust", "", {"kind": "text"}) == {"variant": "loose-text", "severity": "warn"}
}

test_silent_for_what_belongs_there if {
	count(found("opcua-trust", ".der", {"kind": "certificate", "certificates": 1})) == 0
	count(found("opcua-issuer", ".crl", {"kind": "crl", "crls": 1})) == 0
	count(found("tls-trust", ".crt", {"kind": "certificate-bundle", "certificates": 2})) == 0
}

test_silent_where_another_rule_tells if {
	every kind in ["pkcs12", "private-key", "certificate-with-private-key", "certificate-bundle"] {
		count(found("opcua-trust", ".der", {"kind": kind, "certificates": 1})) == 0
	}
	count(found("opcua-trust", ".der", {"kind": "certificate", "format": "pem"})) == 0
}

test_silent_elsewhere if {
	every role in ["", "opcua-client", "device-credential"] {
		count(found(role, "", {"kind": "text"})) == 0
	}
}

# The secret is what it should be; SS-17 tells the SecretSync that maps it.
test_silent_for_a_credential_mapped_amiss if count(found("opcua-trust", ".key", {"kind": "text"})) == 0

test_silent_for_a_certificate_in_a_document if {
	every ext in [".crt", ".der"] {
		count(found("opcua-trust", ext, {"kind": "certificate", "format": "pem", "certificates": 1, "problems": ["json"]})) == 0
	}
}

test_says_of_a_request_that_it_is_one if {
	wording("opcua-trust", ".der", {"kind": "csr", "problems": ["replacement-chars"]}) == {"variant": "csr"}
}

test_silent_for_the_client_store if {
	count(found("opcua-client", ".der", {"kind": "certificate", "format": "der", "certificates": 1, "problems": ["openssl-label"]})) == 0
	count(found("opcua-client", ".der", {"kind": "text", "problems": ["replacement-chars"]})) == 0
}

test_fires_for_text_under_the_key_of_a_key if {
	wording("tls-trust", ".key", {"kind": "text"}) == {"variant": ""}
}
