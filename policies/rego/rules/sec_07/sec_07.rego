# METADATA
# title: A key of a store Secret does not fit its extension or its store
# description: |
#   The connector for OPC UA reads a file by its extension: .der is one DER
#   certificate, .crt one PEM certificate, .crl a CRL in DER; its client store
#   takes a DER certificate (.der) and a PEM private key (.pem). Other connectors
#   read PEM certificates. What does not fit is passed over in silence, and a
#   private key in a list is readable by every pod that mounts it.
# custom:
#   subjects: [Secret]
#   severity: deny
#   message: "key {key} holds {what}, which the {store} cannot use"
#   remedy: "Put the right file under {key}: kubectl -n {namespace} patch secret {object} --type merge -p '{\"data\":{\"{key}\":\"'$(base64 -w0 ./{key})'\"}}'"
#   symptom: The file is ignored; connections fail with BadCertificateUntrusted or BadCertificateChainIncomplete, and a revocation stays unknown.
#   sources: ["Misconfigurations of connector stores, SEC-07, SS-11, SS-17", "AIO documentation, manage certificates for OPC UA", "UA-.NETStandard issue 1766"]
#   variants:
#     pem-under-der:
#       message: "key {key} must hold a DER certificate, but holds PEM"
#       remedy: "Rename the key to {stem}.crt, or convert the file: openssl x509 -in cert.pem -outform DER -out {stem}.der"
#     der-under-crt:
#       message: "key {key} must hold a PEM certificate, but holds DER"
#       remedy: "Rename the key to {stem}.der, or convert the file: openssl x509 -inform DER -in cert.der -out {stem}.crt"
#     certificate-under-crl:
#       message: "key {key} must hold a CRL, but holds {what}"
#       remedy: "Put the CRL of the CA under {key}, in DER: openssl crl -in ca.crl.pem -outform DER -out {key}; a certificate belongs under {stem}.der"
#     pem-crl:
#       message: "key {key} holds a PEM CRL: the connector reads a CRL in DER only"
#       remedy: "Convert it: openssl crl -inform PEM -in ca.crl.pem -outform DER -out {key}"
#     crl-under-certificate:
#       message: "key {key} must hold a certificate, but holds a CRL"
#       remedy: "Put the CRL under {stem}.crl, in DER, and the certificate of its CA under {key}"
#     private-key:
#       message: "key {key} holds a private key: every pod that mounts the {store} can read it"
#       remedy: "Remove the key ({key}), put the certificate there, and treat the private key as exposed: issue a new pair"
#     label:
#       message: "key {key} holds a certificate under a PEM label that OpenSSL reads, and so the connector, and hardly anything else"
#       remedy: "Write it under the usual label: openssl x509 -in FILE -out ./{key}"
#     ignored:
#       message: "key {key} ends in {extension}: the connector passes over such files in its {store}"
#       remedy: "Rename the key to {stem}.der for a DER certificate, {stem}.crt for a PEM one, or {stem}.crl for a CRL in DER"
#     client-certificate:
#       message: "key {key} must hold the client's certificate in DER, but holds {what}"
#       remedy: "Put the certificate there in DER: openssl x509 -in cert.pem -outform DER -out {key}"
#     client-key:
#       message: "key {key} must hold the client's private key in PEM, but holds {what}"
#       remedy: "Put the private key of {stem}.der there in PEM, without a password: openssl pkey -in key.file -out {key}"
#     not-pem:
#       message: "key {key} holds {what}: this trust list takes certificates in PEM"
#       remedy: "Convert it: openssl x509 -inform DER -in cert.der -out {key}"
package storewarden.rules.sec_07

import data.storewarden.lib.contents
import data.storewarden.lib.roles

# misfits of the opcua lists, by extension, kind and format.
misfits := {
	".der": {
		"certificate": {"pem": "pem-under-der"},
		"crl": {"pem": "crl-under-certificate", "der": "crl-under-certificate"},
	},
	".crt": {
		"certificate": {"der": "der-under-crt"},
		"crl": {"pem": "crl-under-certificate", "der": "crl-under-certificate"},
	},
	".crl": {
		"certificate": {"pem": "certificate-under-crl", "der": "certificate-under-crl"},
		"crl": {"pem": "pem-crl"},
	},
}

finding contains {"code": "SEC-07", "entry": e.id, "variant": variant} if {
	some e in contents.unsuited
	e.role in roles.opcua_lists
	variant := misfits[lower(e.ext)][e.content.kind][e.content.format]
}

finding contains {"code": "SEC-07", "entry": e.id, "variant": "ignored", "args": {"extension": shown}} if {
	some e in contents.unsuited
	e.role in roles.opcua_lists
	e.content.kind in {"certificate", "crl"}
	not lower(e.ext) in object.keys(misfits)
	shown := {true: "no extension", false: e.ext}[e.ext == ""]
}

finding contains {"code": "SEC-07", "entry": e.id} if {
	some e in contents.unsuited
	e.content.kind in contents.foreign
	e.role in roles.lists
	not e.id in contents.loose_text
}

finding contains {"code": "SEC-07", "entry": e.id} if {
	some e in contents.unsuited
	e.role == "tls-trust"
	e.content.kind == "crl"
}

finding contains {"code": "SEC-07", "entry": id, "severity": "warn"} if {
	some id in contents.loose_text
}

finding contains {"code": "SEC-07", "entry": e.id, "variant": "private-key"} if {
	some e in contents.unsuited
	e.content.kind == "private-key"
	e.role in roles.lists
}

finding contains {"code": "SEC-07", "entry": e.id, "variant": "not-pem"} if {
	some e in contents.unsuited
	e.role == "tls-trust"
	e.content.kind in {"certificate", "certificate-bundle"} # which PEM would suit
}

finding contains {"code": "SEC-07", "entry": e.id, "variant": client[lower(e.ext)]} if {
	some e in contents.unsuited
	e.role == "opcua-client"
}

finding contains {"code": "SEC-07", "entry": e.id, "severity": "warn", "variant": "label"} if {
	some e in input.entries
	some "openssl-label" in e.content.problems
	e.content.certificates > 0
	e.role in roles.lists
}

client := {".der": "client-certificate", ".pem": "client-key"}
