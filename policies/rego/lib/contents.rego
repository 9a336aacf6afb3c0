# METADATA
# description: What suits the key of a store, and what does not.
package storewarden.lib.contents

import data.storewarden.lib.roles

# foreign kinds have no rule of their own, unlike PKCS#12, bundles and keys.
foreign := {"text", "csr", "pkcs7", "public-key", "unknown"}

# unsuited are the entries that are in another form than their key is read as; in
# a healthy store there are none, and the rules that look among them cost nothing.
unsuited contains e if {
	some e in input.entries
	not e.suits
	e.content.kind != "" # it is decoded
	e.role in roles.stores
}

# loose_text is text beside the certificates of a TLS trust list, under a key
# that claims to be no file: perhaps a credential in the same Secret, which is
# odd but reads as no certificate and harms none.
loose_text contains e.id if {
	some e in unsuited
	e.role == "tls-trust"
	e.ext == ""
	e.content.kind == "text"
}

# credentials are entries that hold one by their key.
credentials contains e.id if {
	some e in input.entries
	lower(e.key) in {"username", "password", "privatekey"}
}

credentials contains e.id if {
	some e in input.entries
	lower(e.ext) == ".key"
}
