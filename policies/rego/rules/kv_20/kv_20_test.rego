package storewarden.rules.kv_20_test

import data.storewarden.fixture
import data.storewarden.rules.kv_20

document(role, kind) := fixture.document({"entries": [fixture.entry({
	"role": role, "key": "a.crt", "ext": ".crt", "content": {"kind": kind},
})]})

test_fires_in_a_list if {
	every role in ["opcua-trust", "opcua-issuer", "tls-trust"] {
		fs := kv_20.finding with input as document(role, "certificate-with-private-key")
		fs == {{
			"code": "KV-20", "entry": 0,
			"args": {"form": "PEM", "upload": "--file ./a.crt --encoding hex --content-type application/x-pem-file"},
		}}
	}
}

test_keeps_the_form_of_the_key if {
	entry := fixture.entry({"role": "opcua-trust", "key": "a.der", "ext": ".der", "content": {"kind": "certificate-with-private-key"}})
	fs := kv_20.finding with input as fixture.document({"entries": [entry]})
	{f.args.form | some f in fs} == {"DER"}
}

test_silent_for_a_certificate if {
	count(kv_20.finding) == 0 with input as document("opcua-trust", "certificate")
}

test_silent_where_a_key_belongs if {
	every role in ["opcua-client", "device-credential", ""] {
		count(kv_20.finding) == 0 with input as document(role, "certificate-with-private-key")
	}
}
