# METADATA
# title: The object declares hex, but the secret is something else
# description: |
#   The provider decodes by objectEncoding and fails on a value that is not hex,
#   and with it may fail every object of the class.
# custom:
#   subjects: [SecretProviderClass, SecretSync]
#   severity: deny
#   message: "objectEncoding is {encoding}, but vault secret {ref} is not hex"
#   remedy: "If the secret is plain text such as a password, remove the line objectEncoding: {encoding} of {secret} in SecretProviderClass {spc}; if it is a file, upload it so: az keyvault secret set --vault-name {vault} --name {secret} {upload}"
#   symptom: 'The sync fails with "encoding/hex: invalid byte"; the list keeps its old certificates, and connections fail with BadCertificateUntrusted, or with BadCertificateTimeInvalid in the end.'
#   implies: [KV-11]
#   covers: [KV-15]
#   sources: ["Azure Key Vault provider v1.8.2, decoding by objectEncoding"]
#   variants:
#     pem:
#       message: "objectEncoding is {encoding}, but vault secret {ref} holds PEM text as it is"
#       remedy: "Upload the file so: az keyvault secret set --vault-name {vault} --name {secret} {upload}{keep}"
#     base64:
#       message: "objectEncoding is {encoding}, but vault secret {ref} is stored as base64"
#       remedy: "In SecretProviderClass {spc} set objectEncoding: base64 for {secret}; or upload the file so: az keyvault secret set --vault-name {vault} --name {secret} {upload}"
package storewarden.rules.spc_23

import data.storewarden.lib.fields
import data.storewarden.lib.upload

# variants by what the value is instead; what spoils a value that is meant to be
# hex is KV-14's.
variants := {"pem": "pem", "base64": "base64", "other": ""}

finding contains {
	"code": "SPC-23",
	"entry": e.id,
	"field": fields.object(input.subject.kind, e.field, "objectEncoding"),
	"variant": variant,
	"args": {"upload": upload.options[e.id], "keep": keep(lower(e.ext), e)},
} if {
	some e in input.entries
	variant := variants[e.vault.mismatch]
	lower(e.object.encoding) == "hex"
}

# keep is the other way out where the value is PEM: the key must suit it.
keep(".crl", _) := ""

keep(".der", e) := sprintf("; or keep the secret and remove the line objectEncoding: %s of %s in SecretProviderClass %s, and rename the target key to %s.crt", [e.object.encoding, e.object.name, input.spc.name, e.stem])

keep(ext, e) := sprintf("; or keep the secret and remove the line objectEncoding: %s of %s in SecretProviderClass %s", [e.object.encoding, e.object.name, input.spc.name]) if {
	not ext in upload.binary
}
