# METADATA
# title: The secret is hex, but the object declares base64
# description: |
#   Hex digits are base64 digits too, so the value decodes to garbage and nobody
#   complains.
# custom:
#   subjects: [SecretProviderClass, SecretSync]
#   severity: deny
#   message: "objectEncoding is base64, but vault secret {ref} is stored as hex: what is synced would be garbage"
#   remedy: "In SecretProviderClass {spc} set objectEncoding: hex for {secret}"
#   symptom: The Secret holds bytes that are no certificate; the connector ignores them and connections fail with BadCertificateUntrusted.
#   implies: [KV-11]
#   sources: ["Azure Key Vault provider v1.8.2, objectEncoding base64 with the standard alphabet"]
package storewarden.rules.spc_24

import data.storewarden.lib.fields

finding contains {"code": "SPC-24", "entry": e.id, "field": fields.object(input.subject.kind, e.field, "objectEncoding")} if {
	some e in input.entries
	lower(e.object.encoding) == "base64"
	e.state == "undecodable"
	"hex" in {e.vault.mismatch, e.vault.looks}
}
