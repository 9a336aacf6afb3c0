# METADATA
# title: The vault has no such secret
# description: |
#   The entry names a secret that the vault does not have: it was not uploaded
#   yet, lives in another vault, or is spelt differently. With the upstream
#   provider, one missing secret stops all entries of the SecretProviderClass.
# custom:
#   subjects: [SecretProviderClass, SecretSync]
#   severity: deny
#   message: "vault {vault} has no secret {secret}"
#   remedy: "Upload it first: az keyvault secret set --vault-name {vault} --name {secret} {upload}; if it has another name, use that as objectName: az keyvault secret list --vault-name {vault} --query [].name -o tsv"
#   symptom: "The sync reports RESPONSE 404, ERROR CODE: SecretNotFound; the file never arrives, and connections fail with BadCertificateUntrusted."
#   covers: [KV-02]
#   sources: ["Misconfigurations of connector stores, KV-01, KV-02", "AIO documentation, troubleshoot: add the secret to Key Vault before the SecretProviderClass"]
#   variants:
#     version:
#       message: "vault {vault} has no version {pinned} of secret {secret}"
#       remedy: "Remove objectVersion from the entry: Azure IoT Operations follows the latest version; or pick one that exists: az keyvault secret list-versions --vault-name {vault} --name {secret} --query [].id -o tsv"
#     encoding:
#       remedy: "Upload it first: az keyvault secret set --vault-name {vault} --name {secret} {upload}; then add objectEncoding: hex to the entry, since {key} is no text"
package storewarden.rules.kv_01

import data.storewarden.lib.upload

finding contains {"code": "KV-01", "entry": e.id, "args": {"upload": upload.options[e.id]}} if {
	some e in input.entries
	e.vault.problem == "NotFound"
	e.object.version == ""
	not e.id in bare
}

finding contains {"code": "KV-01", "entry": e.id, "variant": "encoding", "args": {"upload": upload.options[e.id]}} if {
	some e in input.entries
	e.vault.problem == "NotFound"
	e.object.version == ""
	e.id in bare
}

finding contains {"code": "KV-01", "entry": e.id, "variant": "version", "args": {"pinned": e.object.version}} if {
	some e in input.entries
	e.vault.problem == "NotFound"
	e.object.version != ""
}

# bare entries are binary by their key and declare no encoding for it.
bare contains e.id if {
	some e in input.entries
	lower(e.ext) in upload.binary
	lower(e.object.encoding) in {"", "utf-8"}
}
