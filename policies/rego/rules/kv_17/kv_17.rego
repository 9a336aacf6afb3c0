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
#     json:
#       message: "key {key} holds a JSON document with PEM inside of it, where the connector finds none"
#       remedy: "Take the PEM out of it: jq -r '..|strings|select(startswith(\"-----BEGIN\"))' FILE > ./{key}; then upload it: az keyvault secret set --vault-name {vault} --name {secret} {upload}"
#     yaml:
#       message: "key {key} holds a YAML document with PEM inside of it, where the connector finds none"
#       remedy: "Take the PEM out of it: sed -n 's/^ *//; /-----BEGIN/,/-----END/p' FILE > ./{key}; then upload it: az keyvault secret set --vault-name {vault} --name {secret} {upload}"
#     byte-order-mark:
#       message: "key {key} holds {what} behind a byte order mark, which the connector skips and many other programs do not"
#       remedy: "Save the file as UTF-8 without the mark and upload it again: sed -i '1s/^\\xEF\\xBB\\xBF//' ./{key}; az keyvault secret set --vault-name {vault} --name {secret} {upload}"
package storewarden.rules.kv_17

import data.storewarden.lib.roles
import data.storewarden.lib.upload

finding contains {"code": "KV-17", "entry": e.id, "args": {"upload": upload.options[e.id]}} if {
	some e in input.entries
	some "lost-newlines" in e.content.problems
	not e.id in in_document
	e.role in roles.stores
}

finding contains {"code": "KV-17", "entry": e.id, "variant": variant, "args": {"upload": upload.options[e.id]}} if {
	some e in input.entries
	some "lost-newlines" in e.content.problems
	some variant in ["json", "yaml"]
	variant in e.content.problems
	e.role in roles.stores
}

# in_document is PEM inside of another document.
in_document contains e.id if {
	some e in input.entries
	some document in ["json", "yaml"]
	document in e.content.problems
}

finding contains {"code": "KV-17", "entry": e.id, "severity": "warn", "variant": "byte-order-mark", "args": {"upload": upload.options[e.id]}} if {
	some e in input.entries
	some "byte-order-mark" in e.content.problems
	not "lost-newlines" in e.content.problems
	e.content.kind != "text" # no PEM at all, which is KV-18's
	e.role in roles.stores
}
