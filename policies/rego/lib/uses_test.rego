package storewarden.lib.uses_test

import data.storewarden.lib.uses

test_key if {
	uses.key({"key": "tls.crt", "use": "certificate"}) == "tls.crt"
	uses.key({"key": "", "use": "private key"}) == "privateKey"
}
