package storewarden.rules.sec_07_test

import data.storewarden.fixture
import data.storewarden.rules.sec_07

document(role, ext, kind, format) := fixture.document({"entries": [fixture.entry({
	"role": role, "ext": ext, "state": "decoded",
	"content": {"kind": kind, "format": format, "certificates": 1, "crls": 1},
})]})

variant(role, ext, kind, format) := v if {
	found := sec_07.finding with input as document(role, ext, kind, format)
	count(found) == 1
	some f in found
	v := f.variant
}

plain(role, ext, kind, format) if {
	sec_07.finding == {{"code": "SEC-07", "entry": 0}} with input as document(role, ext, kind, format)
}

silent(role, ext, kind, format) if {
	count(sec_07.finding) == 0 with input as document(role, ext, kind, format)
}

test_fires_for_the_wrong_extension if {
	variant("opcua-trust", ".der", "certificate", "pem") == "pem-under-der"
	variant("opcua-trust", ".DER", "certificate", "pem") == "pem-under-der"
	variant("opcua-issuer", ".crt", "certificate", "der") == "der-under-crt"
	variant("opcua-issuer", ".crl", "certificate", "der") == "certificate-under-crl"
	variant("opcua-issuer", ".crl", "crl", "pem") == "pem-crl"
	variant("opcua-issuer", ".crt", "crl", "der") == "crl-under-certificate"
}

test_fires_for_an_extension_that_is_not_read if {
	sec_07.finding == {{"code": "SEC-07", "entry": 0, "variant": "ignored", "args": {"extension": ".pem"}}} with input as document("opcua-trust", ".pem", "certificate", "pem")
	sec_07.finding == {{"code": "SEC-07", "entry": 0, "variant": "ignored", "args": {"extension": "no extension"}}} with input as document("opcua-trust", "", "certificate", "pem")
}

test_fires_for_what_is_no_certificate if {
	plain("opcua-trust", ".crt", "csr", "pem")
	plain("tls-trust", ".crt", "text", "none")
	plain("tls-trust", ".crt", "crl", "pem")
}

test_warns_of_text_beside_a_bundle if {
	sec_07.finding == {{"code": "SEC-07", "entry": 0, "severity": "warn"}} with input as document("tls-trust", "", "text", "none")
}

test_warns_of_a_label if {
	sec_07.finding == {{"code": "SEC-07", "entry": 0, "severity": "warn", "variant": "label"}} with input as fixture.document({"entries": [fixture.entry({
		"role": "opcua-trust", "ext": ".crt", "state": "decoded",
		"content": {"kind": "certificate", "format": "pem", "certificates": 1, "problems": ["openssl-label"]},
	})]})
}

test_fires_for_a_private_key_in_a_list if {
	variant("opcua-trust", ".crt", "private-key", "pem") == "private-key"
	variant("tls-trust", ".key", "private-key", "pem") == "private-key"
}

test_fires_in_the_client_store if {
	variant("opcua-client", ".der", "certificate", "pem") == "client-certificate"
	variant("opcua-client", ".pem", "certificate", "pem") == "client-key"
	variant("opcua-client", ".pem", "private-key", "der") == "client-key"
}

test_fires_for_der_in_a_bundle if {
	variant("tls-trust", ".crt", "certificate", "der") == "not-pem"
}

test_silent_for_what_fits if {
	every role in ["opcua-trust", "opcua-client", "tls-trust"] {
		fits := fixture.entry({"role": role, "suits": true, "content": {"kind": "certificate", "format": "pem"}})
		count(sec_07.finding) == 0 with input as fixture.document({"entries": [fits]})
	}
}

test_silent_where_anything_goes if {
	silent("", ".der", "certificate", "pem")
	silent("device-credential", "", "text", "none")
	silent("device-credential", "", "private-key", "pem")
}

test_silent_for_what_is_not_decoded if {
	count(sec_07.finding) == 0 with input as fixture.document({"entries": [fixture.entry({"role": "opcua-client", "ext": ".der", "state": "undecodable"})]})
}

test_says_each_thing_once if {
	every case in [
		["opcua-trust", ".pem", {"kind": "text", "format": "none"}],
		["opcua-client", ".der", {"kind": "text", "format": "none"}],
		["tls-trust", ".crt", {"kind": "crl", "format": "der"}],
	] {
		[role, ext, content] := case
		count(sec_07.finding) == 1 with input as fixture.document({"entries": [fixture.entry({"role": role, "ext": ext, "state": "decoded", "content": content})]})
	}
}

test_leaves_a_label_that_harms_nothing if {
	every case in [
		["opcua-client", ".pem", {"kind": "private-key", "format": "pem", "private_keys": 1}],
		["device-credential", "", {"kind": "certificate", "format": "pem", "certificates": 1}],
		["opcua-trust", ".crl", {"kind": "crl", "format": "der", "crls": 1}],
	] {
		[role, ext, content] := case
		labelled := object.union(content, {"problems": ["openssl-label"]})
		count(sec_07.finding) == 0 with input as fixture.document({"entries": [fixture.entry({
			"role": role, "ext": ext, "state": "decoded",
			"suits": role != "device-credential", "content": labelled,
		})]})
	}
}
