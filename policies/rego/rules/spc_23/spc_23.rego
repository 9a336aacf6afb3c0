# METADATA
# title: The secret is not in the encoding that the object declares
# description: |
#   The provider decodes by objectEncoding and fails on a value that is in
#   another one, and with it may fail every object of the class.
# custom:
#   subjects: [SecretProviderClass, SecretSync]
#   severity: deny
#   message: "objectEncoding is {encoding}, but vault secret {ref} is not {encoding}"
#   remedy: "If the secret is plain text such as a password, remove the line objectEncoding: {encoding} of {secret} in SecretProviderClass {spc}; if it is a file, upload it so: az keyvault secret set --vault-name {vault} --name {secret} {upload}"
#   symptom: 'The sync fails with "encoding/hex: invalid byte" or "illegal base64 data", so the list keeps its old certificates until connections fail with BadCertificateTimeInvalid or BadCertificateUntrusted.'
#   implies: [KV-11]
#   sources: ["Azure Key Vault provider v1.8.2, decoding by objectEncoding"]
#   variants:
#     pem:
#       message: "objectEncoding is {encoding}, but vault secret {ref} holds PEM text as it is"
#       remedy: "Upload the file so: az keyvault secret set --vault-name {vault} --name {secret} {upload}; or keep the secret and remove the line objectEncoding: {encoding} of {secret} in SecretProviderClass {spc}"
#     base64:
#       message: "objectEncoding is {encoding}, but vault secret {ref} is stored as base64"
#       remedy: "In SecretProviderClass {spc} set objectEncoding: base64 for {secret}; or upload the file so: az keyvault secret set --vault-name {vault} --name {secret} {upload}"
package storewarden.rules.spc_23

import data.storewarden.lib.fields
import data.storewarden.lib.upload

# mismatches by declared encoding; those of a value that is meant to be hex are
# KV-14's, hex under base64 is SPC-24's.
mismatches := {"hex": {"pem", "base64", "other"}, "base64": {"pem", "other"}}

finding contains {
	"code": "SPC-23",
	"entry": e.id,
	"field": fields.object(input.subject.kind, e.field, "objectEncoding"),
	"variant": object.get({"other": ""}, e.vault.mismatch, e.vault.mismatch),
	"args": {"upload": upload.options[e.id]},
} if {
	some e in input.entries
	e.state == "undecodable"
	e.vault.mismatch in mismatches[lower(e.object.encoding)]
	not e.id in spc_24
}

# spc_24 are the values that only look as if they could be base64.
spc_24 contains e.id if {
	some e in input.entries
	lower(e.object.encoding) == "base64"
	e.vault.looks == "hex"
}
