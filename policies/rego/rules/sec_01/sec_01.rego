# METADATA
# title: A store Secret holds hex text instead of the file
# description: |
#   Certificates are kept in the vault as hex. When the entry of the
#   SecretProviderClass does not say so, the hex text itself is synced; the same
#   happens when somebody pastes it into a Secret.
# custom:
#   subjects: [Secret]
#   severity: deny
#   message: "key {key} holds hex text, not the file that the text stands for"
#   remedy: "If a SecretSync fills this Secret, add objectEncoding: hex to the entry {secret} of its SecretProviderClass. If you fill it, decode the text first: xxd -r -p {key}.hex ./{key}; kubectl -n {namespace} patch secret {object} --type merge -p '{\"data\":{\"{key}\":\"'$(base64 -w0 ./{key})'\"}}'"
#   symptom: The connector finds no certificate in the file; a server that it should trust is refused with BadCertificateUntrusted.
#   implies: [SEC-07]
#   sources: ["Misconfigurations of connector stores, SEC-01, SPC-22, observed with the upstream provider", "AIO documentation, manage certificates for OPC UA: objectEncoding hex"]
package storewarden.rules.sec_01

finding contains {"code": "SEC-01", "entry": e.id} if {
	some e in input.entries
	e.content.wrapped == "hex"
}
