package storewarden.rules.kv_09_test

import data.storewarden.fixture
import data.storewarden.rules.kv_09

found(role, ext, content, type) := fs if {
	fs := kv_09.finding with input as fixture.document({"entries": [fixture.entry({
		"role": role, "ext": ext, "content": content,
		"vault": {"content_type": type},
	})]})
}

der := {"kind": "certificate", "format": "der"}

pem := {"kind": "certificate", "format": "pem"}

crl := {"kind": "crl", "format": "der"}

denied(right) := {{"code": "KV-09", "entry": 0, "args": {"right": right}}}

warned(variant, right) := {{"code": "KV-09", "entry": 0, "severity": "warn", "variant": variant, "args": {"right": right}}}

test_fires_in_the_lists if {
	found("opcua-trust", ".der", der, "application/x-pem-file") == denied("application/pkix-cert")
	found("opcua-trust", ".crt", pem, "application/pkix-cert") == denied("application/x-pem-file")
	found("opcua-issuer", ".crl", crl, "Application/PKIX-Cert; v=1") == denied("application/pkix-crl")
	found("opcua-issuer", ".der", der, "application/x-pkcs12") == denied("application/pkix-cert")
	found("opcua-issuer", ".DER", der, "application/x-pkcs12") == denied("application/pkix-cert")
}

test_warns_of_what_the_az_cli_does if {
	found("opcua-client", ".der", der, "application/x-pem-file") == warned("mislabelled", "application/pkix-cert")
	found("opcua-trust", ".DER", der, "application/x-pem-file") == warned("mislabelled", "application/pkix-cert")
	found("opcua-issuer", ".CRL", crl, "application/x-pem-file") == warned("mislabelled", "application/pkix-crl")
}

test_warns_of_a_bundle if {
	found("tls-trust", ".crt", pem, "application/pkix-cert") == warned("mislabelled", "application/x-pem-file")
}

test_warns_of_a_type_that_says_nothing if {
	found("opcua-trust", ".der", der, "text/plain") == warned("vague", "application/pkix-cert")
}

test_silent_for_the_right_type if {
	count(found("opcua-trust", ".der", der, "application/pkix-cert")) == 0
	count(found("opcua-trust", ".crt", pem, "application/x-pem-file; charset=utf-8")) == 0
	count(found("opcua-issuer", ".crl", crl, "application/pkix-crl")) == 0
	count(found("opcua-client", ".pem", {"kind": "private-key", "format": "pem"}, "application/x-pem-file")) == 0
}

test_silent_without_a_type if {
	count(found("opcua-trust", ".der", der, "")) == 0
}

test_silent_where_other_rules_judge_the_bytes if {
	count(found("opcua-trust", ".der", pem, "application/pkix-cert")) == 0
	count(found("opcua-issuer", ".crl", {"kind": "crl", "format": "pem"}, "application/pkix-crl")) == 0
	count(found("opcua-trust", ".der", {"kind": "pkcs12", "format": "der"}, "application/pkix-cert")) == 0
}

test_silent_where_anything_goes if {
	count(found("", ".der", der, "text/plain")) == 0
	count(found("device-credential", "", {"kind": "text", "format": "none"}, "application/pkix-cert")) == 0
}

test_says_once_that_a_type_says_nothing if {
	found("opcua-client", ".der", der, "text/plain") == warned("vague", "application/pkix-cert")
}
