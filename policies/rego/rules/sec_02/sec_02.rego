# METADATA
# title: A store Secret holds base64 text instead of the file
# description: |
#   Kubernetes decodes the base64 of data once. A value that is base64 still was
#   encoded twice by hand, or stored as base64 in the vault by an entry that does
#   not say so.
# custom:
#   subjects: [Secret]
#   severity: deny
#   message: "key {key} holds base64 text, not the file that the text stands for: it was encoded twice"
#   remedy: "If a SecretSync fills this Secret, add objectEncoding: base64 to the entry {secret} of its SecretProviderClass. If you fill it, encode the file once: kubectl -n {namespace} patch secret {object} --type merge -p '{\"data\":{\"{key}\":\"'$(base64 -w0 ./{key})'\"}}'"
#   symptom: The connector finds no certificate in the file; a server that it should trust is refused with BadCertificateUntrusted.
#   implies: [SEC-07]
#   sources: ["Misconfigurations of connector stores, SEC-02", "Kubernetes documentation, Secrets: data is base64, stringData is not"]
package storewarden.rules.sec_02

finding contains {"code": "SEC-02", "entry": e.id} if {
	some e in input.entries
	e.content.wrapped == "base64"
}
