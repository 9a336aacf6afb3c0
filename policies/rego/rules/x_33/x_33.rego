# METADATA
# title: A certificate or CRL is written in a way that strict programs refuse
# description: |
#   The connector for OPC UA reads certificates with OpenSSL, which takes what
#   other parsers refuse: negative serial numbers, brainpool curves, umlauts in
#   DNS names, version 1 CRLs. Such a certificate works and is admitted. Programs
#   with another parser may refuse it: the az CLI, an upstream sync controller
#   that must convert it, a server that checks the client.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: warn
#   message: "the certificate {subject} has {oddity}: the connector reads it, stricter programs refuse it"
#   remedy: "Nothing needs to be done for the connector; where another program refuses it, let the maker of the device or the CA issue it again"
#   symptom: None at the connector. Elsewhere a parse error that names the certificate, or BadCertificateInvalid from a server of another make.
#   sources: ["Misconfigurations of connector stores, X-33", "Certificates in the wild: what crypto/x509 refuses and OpenSSL reads", "RFC 5280 4.1"]
#   variants:
#     crl:
#       message: "the CRL of {crl_issuer} has {oddity}: the connector reads it, stricter programs refuse it"
#     validity:
#       message: "the certificate {subject} has dates that nothing here can read, so it is not known whether it is valid"
#       remedy: "Look at the dates: openssl x509 -in FILE -noout -dates; if they are no dates there either, let it be issued again"
package storewarden.rules.x_33

finding contains {"code": "X-33", "entry": c.entry, "certificate": c.id, "args": {"oddity": c.oddity}} if {
	some c in input.certificates
	c.oddity != ""
	not c.id in undated
}

finding contains {"code": "X-33", "entry": c.entry, "certificate": c.id, "variant": "validity", "args": {"oddity": c.oddity}} if {
	some id in undated
	c := input.certificates[id]
}

finding contains {"code": "X-33", "entry": l.entry, "crl": l.id, "variant": "crl", "args": {"oddity": l.oddity}} if {
	some l in input.crls
	l.oddity != ""
}

undated contains c.id if {
	some c in input.certificates
	c.not_before == 0
}

undated contains c.id if {
	some c in input.certificates
	c.not_after == 0
}
