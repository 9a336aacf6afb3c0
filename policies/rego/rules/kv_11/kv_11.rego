# METADATA
# title: A vault secret is not in the encoding that its entry declares
# description: |
#   The az CLI stores how a file was encoded in the tag file-encoding; the sync
#   decodes by objectEncoding, or not at all without it. Where the value cannot
#   be what the entry says and no rule tells more exactly why (SPC-22, SPC-23,
#   SPC-24, KV-14), this one denies. Where the value decodes well and only the
#   tag says otherwise it warns: the az CLI writes objectEncoding by the tag.
# custom:
#   subjects: [SecretProviderClass, SecretSync]
#   severity: deny
#   message: "vault secret {ref} cannot be decoded with {declared}"
#   remedy: "Upload the file again so that it fits the entry: az keyvault secret set --vault-name {vault} --name {secret} {upload}"
#   symptom: The sync fails for this entry (upstream, for all entries), or the Secret holds encoded text; connections fail with BadCertificateUntrusted.
#   sources: ["Misconfigurations of connector stores, KV-11, KV-15", "az CLI, keyvault secret set --encoding"]
#   variants:
#     base64-undeclared:
#       message: "vault secret {ref} is stored as base64, but its entry has {declared}: the base64 text itself would be synced"
#       remedy: "Add objectEncoding: base64 to the entry {secret}"
#     pem-as-base64:
#       message: "vault secret {ref} is PEM text, but its entry has {declared}"
#       remedy: "Remove objectEncoding from the entry {secret}: PEM that is stored as text needs none"
#     not-base64:
#       message: "vault secret {ref} is not base64, but its entry has {declared}"
#       remedy: "If it is plain text, remove objectEncoding from the entry {secret}; else upload the file again: az keyvault secret set --vault-name {vault} --name {secret} {upload}"
#     tag:
#       message: "vault secret {ref} has the tag file-encoding={file_encoding}, but its entry has {declared}, which is what the value is in"
#       remedy: "Correct the tag, and name the other tags of the secret with it since all are replaced: az keyvault secret set-attributes --vault-name {vault} --name {secret} --tags file-encoding={actual}"
package storewarden.rules.kv_11

import data.storewarden.lib.upload

finding contains {
	"code": "KV-11", "entry": e.id, "variant": object.get(variants, e.id, ""),
	"args": {"declared": declared[e.id], "upload": upload.options[e.id]},
} if {
	some e in input.entries
	e.state == "undecodable"
	not e.vault.certificate_resource
}

finding contains {
	"code": "KV-11", "entry": e.id, "severity": "warn", "variant": "tag",
	"args": {"declared": declared[e.id], "actual": expected},
} if {
	some e in input.entries
	e.state == "decoded"
	e.vault.file_encoding != e.object.encoding # which is nearly always so
	e.vault.file_encoding != ""
	expected := plain(e.object.encoding)
	plain(e.vault.file_encoding) != expected
	not e.content.kind in {"text", "unknown", "empty"}
}

variants[e.id] := "base64-undeclared" if {
	some e in input.entries
	e.content.wrapped == "base64"
	plain(e.object.encoding) == "utf-8"
}

variants[e.id] := "pem-as-base64" if {
	some e in input.entries
	lower(e.object.encoding) == "base64"
	e.vault.mismatch == "pem"
}

variants[e.id] := "not-base64" if {
	some e in input.entries
	lower(e.object.encoding) == "base64"
	e.vault.mismatch != "pem"
}

declared[e.id] := "no objectEncoding" if {
	some e in input.entries
	e.object.encoding == ""
}

declared[e.id] := sprintf("objectEncoding: %s", [e.object.encoding]) if {
	some e in input.entries
	e.object.encoding != ""
}

# plain folds all text encodings into one: az decodes a file by them before it
# stores the text.
plain(encoding) := lower(encoding) if lower(encoding) in binary

plain(encoding) := "utf-8" if not lower(encoding) in binary

binary := {"hex", "base64"}
