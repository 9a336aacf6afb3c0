# METADATA
# title: A list entry is fetched as PKCS#12
# description: |
#   With objectFormat pfx a secret that backs a certificate resource arrives as a
#   PKCS#12 file, certificate and private key in one, which no store can use. On
#   any other secret the line does nothing, until that secret is replaced.
# custom:
#   subjects: [SecretProviderClass, SecretSync]
#   severity: deny
#   message: "objectFormat pfx asks for vault secret {ref} as PKCS#12, which {key} cannot hold"
#   remedy: "In SecretProviderClass {spc} remove the line objectFormat of {secret}"
#   symptom: The list holds a PKCS#12 file that the connector cannot parse; connections fail with BadCertificateUntrusted.
#   sources: ["Azure Key Vault provider v1.8.2, objectFormat"]
#   variants:
#     idle:
#       message: "objectFormat pfx does nothing to vault secret {ref}, which holds {what}; for one that backs a certificate resource it would put PKCS#12 under {key}"
package storewarden.rules.spc_28

import data.storewarden.lib.fields
import data.storewarden.lib.roles

finding contains {"code": "SPC-28", "entry": e.id, "field": fields.object(input.subject.kind, e.field, "objectFormat")} if {
	some e in asked
	e.state == "unseen"
}

finding contains {
	"code": "SPC-28", "entry": e.id, "field": fields.object(input.subject.kind, e.field, "objectFormat"),
	"severity": severity(e.vault.certificate_resource, e.content.kind), "variant": "idle",
} if {
	some e in asked
	e.state == "decoded"
}

# severity is that of what says it all (KV-12, KV-13), so that this is not said
# beside it.
severity(true, _) := "deny"

severity(false, kind) := {true: "deny", false: "warn"}[kind == "pkcs12"]

asked contains e if {
	some e in input.entries
	lower(e.object.format) == "pfx"
	e.role in roles.stores
}
