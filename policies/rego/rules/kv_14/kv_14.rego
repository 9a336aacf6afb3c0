# METADATA
# title: A hex value is not as the sync reads hex
# description: |
#   The provider takes pairs of hex digits and nothing else: no 0x, no colons,
#   no blank, not even a newline at the end. The az CLI writes it that way when
#   it encodes the file itself.
# custom:
#   subjects: [SecretProviderClass, SecretSync]
#   severity: deny
#   message: "the hex value of vault secret {ref} cannot be read"
#   remedy: "Let az encode the file itself: az keyvault secret set --vault-name {vault} --name {secret} {upload}"
#   symptom: "The sync fails with odd length hex string, or invalid byte; the file never arrives, and connections fail with BadCertificateUntrusted."
#   implies: [KV-11, SPC-23]
#   sources: ["Misconfigurations of connector stores, KV-14, observed with the upstream provider", "Go, encoding/hex"]
#   variants:
#     odd-length:
#       message: "the hex value of vault secret {ref} has an odd number of digits: it was cut off, or a digit was lost"
#     hex-prefix:
#       message: "the hex value of vault secret {ref} starts with 0x, which the sync does not read"
#     colons:
#       message: "the hex value of vault secret {ref} has colons between its bytes, which the sync does not read"
#     whitespace:
#       message: "the hex value of vault secret {ref} has blanks or line breaks in it, which the sync does not read"
package storewarden.rules.kv_14

import data.storewarden.lib.upload

flaws := {"odd-length", "hex-prefix", "colons", "whitespace"}

finding contains {"code": "KV-14", "entry": e.id, "variant": e.vault.mismatch, "args": {"upload": upload.options[e.id]}} if {
	some e in input.entries
	e.vault.mismatch in flaws
	lower(e.object.encoding) == "hex"
}
