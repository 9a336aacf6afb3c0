# METADATA
# title: The secret is hex, but the object does not say so
# description: |
#   The provider decodes only what objectEncoding declares. Without it the hex
#   text itself is synced, and nothing complains until a connection fails.
# custom:
#   subjects: [SecretProviderClass, SecretSync]
#   severity: deny
#   message: "vault secret {ref} is stored as hex, but {declared}: the hex text itself would be synced"
#   remedy: "In SecretProviderClass {spc} make the lines of this object: objectName: {secret}, objectType: secret, objectEncoding: hex"
#   symptom: The Secret holds text such as 3082… instead of a certificate; the connector ignores it and connections fail with BadCertificateUntrusted.
#   implies: [KV-11]
#   sources: ["Azure Key Vault provider v1.8.2, objectEncoding", "az iot ops secretsync, which adds objectEncoding: hex by the tag file-encoding"]
#   variants:
#     tagged:
#       fix: {field: objectEncoding, value: hex}
package storewarden.rules.spc_22

import data.storewarden.lib.fields

finding contains {
	"code": "SPC-22",
	"entry": e.id,
	"field": fields.object(input.subject.kind, e.field, "objectEncoding"),
	"args": {"declared": declared},
	"variant": variant,
} if {
	some e in input.entries
	e.content.wrapped == "hex"
	e.vault.mismatch == "wrapped"
	declared := {"": "objectEncoding: hex is missing", "utf-8": "objectEncoding is utf-8"}[lower(e.object.encoding)]
	variant := {true: "tagged", false: ""}[[e.object.encoding, lower(e.vault.file_encoding)] == ["", "hex"]]
}
