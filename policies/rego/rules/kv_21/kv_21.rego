# METADATA
# title: Bytes follow the certificate or CRL
# description: |
#   A DER file holds one value. What follows it, often the rest of a chain that
#   a device wrote as one blob, is skipped by lenient parsers, such as the
#   connector's, and refused by strict ones.
# custom:
#   subjects: [SecretProviderClass, SecretSync, Secret]
#   severity: {observe: warn, standard: warn, strict: deny}
#   message: "key {key} holds {what}, followed by {trailing} more bytes that are not read"
#   remedy: "Cut them off: openssl x509 -inform DER -in FILE -outform DER -out {key}; upload the result: az keyvault secret set --vault-name {vault} --name {secret} {upload}; and add the rest of a chain under keys of its own"
#   symptom: Strict parsers refuse the file (BadCertificateInvalid); lenient ones read the first certificate only, and a missing CA shows as BadCertificateChainIncomplete.
#   sources: ["Misconfigurations of connector stores, KV-21; 64 public certificates, some of OPC UA devices, have trailing data"]
#   variants:
#     crl:
#       remedy: "Cut them off: openssl crl -inform DER -in FILE -outform DER -out {key}; upload the result: az keyvault secret set --vault-name {vault} --name {secret} {upload}"
package storewarden.rules.kv_21

import data.storewarden.lib.roles
import data.storewarden.lib.upload

variants := {"certificate": "", "certificate-bundle": "", "crl": "crl"}

finding contains {
	"code": "KV-21", "entry": e.id, "variant": variants[e.content.kind],
	"args": {"trailing": e.content.trailing, "upload": upload.options[e.id]},
} if {
	some e in input.entries
	e.content.trailing > 0
	e.role in roles.stores
}
