# METADATA
# title: A trust list key has an extension that the connector does not read
# description: |
#   The connector for OPC UA reads files that end in .der (one DER certificate),
#   .crt (one PEM certificate) and .crl (a DER CRL); every other key of its trust
#   list is passed over in silence.
# custom:
#   subjects: [SecretSync]
#   severity: deny
#   message: "key {key} ends in {extension}: the connector reads only .der, .crt and .crl in its trust list"
#   remedy: "Rename the target key to {stem}.der for a DER certificate or {stem}.crt for a PEM one"
#   symptom: The file is ignored, the server stays unknown, and connections fail with BadCertificateUntrusted.
#   sources: ["facts: CLI extension list", "AIO documentation, manage certificates for OPC UA"]
package storewarden.rules.ss_08

finding contains {"code": "SS-08", "entry": e.id, "field": field, "args": {"extension": shown}} if {
	input.store.role == "opcua-trust"
	some e in input.entries
	not lower(e.ext) in {".der", ".crt", ".crl"}
	field := sprintf("%s.targetKey", [e.field])
	shown := {true: "no extension", false: e.ext}[e.ext == ""]
}
