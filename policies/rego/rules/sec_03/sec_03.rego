# METADATA
# title: A key of a store Secret is empty
# description: |
#   An empty file is no certificate, CRL, key or credential; the connector reads
#   it and fails.
# custom:
#   subjects: [Secret]
#   severity: deny
#   message: "key {key} is empty"
#   remedy: "Put the file into it: kubectl -n {namespace} patch secret {object} --type merge -p '{\"data\":{\"{key}\":\"'$(base64 -w0 ./{key})'\"}}', or remove the key: kubectl -n {namespace} patch secret {object} --type json -p '[{\"op\":\"remove\",\"path\":\"/data/{key}\"}]'"
#   symptom: The connector logs a parse error, and what the file should trust is refused with BadCertificateUntrusted.
#   implies: [SEC-07]
#   sources: ["Misconfigurations of connector stores, SEC-03"]
package storewarden.rules.sec_03

finding contains {"code": "SEC-03", "entry": e.id} if {
	some e in input.entries
	e.content.kind == "empty"
	e.role != ""
}
