# METADATA
# description: What contents are of no use in a list of certificates.
package storewarden.lib.contents

import data.storewarden.lib.roles

# foreign kinds have no rule of their own, unlike PKCS#12, bundles and keys.
foreign := {"text", "csr", "pkcs7", "public-key", "unknown"}

# loose_text is text beside the certificates of a TLS trust list, under a key
# that claims to be no file: perhaps a credential in the same Secret, which is
# odd but reads as no certificate and harms none.
loose_text contains e.id if {
	some e in input.entries
	e.role == "tls-trust"
	e.ext == ""
	e.content.kind == "text"
}

# unreadable is a certificate or CRL that suits its key, but that no parser here
# could read, which is not to say that the connector cannot.
unreadable contains e.id if {
	some e in input.entries
	e.role in roles.opcua_lists
	e.content.kind == "certificate"
	e.content.certificates == 0
	e.content.format == formats[lower(e.ext)]
}

unreadable contains e.id if {
	some e in input.entries
	e.role in roles.opcua_lists
	e.content.kind == "crl"
	e.content.crls == 0
	e.content.format == "der"
	lower(e.ext) == ".crl"
}

unreadable contains e.id if {
	some e in input.entries
	e.role == "tls-trust"
	e.content.kind == "certificate"
	e.content.certificates == 0
	e.content.format == "pem"
}

formats := {".der": "der", ".crt": "pem"}
