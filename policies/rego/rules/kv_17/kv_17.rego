# METADATA
# title: A PEM file lost its line breaks, or starts with a byte order mark
# description: |
#   PEM is text in lines. Passed through a shell variable or a JSON string, its
#   line breaks get lost or become a backslash and an n; an editor may put an
#   invisible byte order mark before it. Many parsers then find nothing at all.
# custom:
#   subjects: [SecretProviderClass, SecretSync, Secret]
#   severity: deny
#   message: "key {key} holds PEM that lost its line breaks"
#   remedy: "Upload the file itself, not its text by --value: az keyvault secret set --vault-name {vault} --name {secret} {upload}"
#   symptom: No certificate is found in the file; connections fail with BadCertificateUntrusted.
#   implies: [KV-08, KV-09, KV-10, KV-11, KV-18, SEC-07, SS-11, SS-12, SS-13]
#   sources: ["Misconfigurations of connector stores, KV-17, observed with Go's PEM parser"]
#   variants:
#     byte-order-mark:
#       message: "key {key} holds {what} behind a byte order mark, which many parsers do not skip"
#       remedy: "Save the file as UTF-8 without the mark and upload it again: sed -i '1s/^\\xEF\\xBB\\xBF//' ./{key}; az keyvault secret set --vault-name {vault} --name {secret} {upload}"
package storewarden.rules.kv_17

import data.storewarden.lib.roles
import data.storewarden.lib.upload

finding contains {"code": "KV-17", "entry": e.id, "args": {"upload": upload.options[e.id]}} if {
	some e in input.entries
	"lost-newlines" in e.content.problems
	e.role in roles.stores
}

finding contains {"code": "KV-17", "entry": e.id, "variant": "byte-order-mark", "args": {"upload": upload.options[e.id]}} if {
	some e in input.entries
	"byte-order-mark" in e.content.problems
	not "lost-newlines" in e.content.problems
	e.content.kind != "text" # no PEM at all, which is KV-18's
	e.role in roles.stores
}
