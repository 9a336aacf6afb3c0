# METADATA
# title: The vault secret is disabled
# description: |
#   A disabled secret cannot be read. A disabled newest version is not skipped:
#   the older, enabled ones are not used in its place.
# custom:
#   subjects: [SecretProviderClass, SecretSync]
#   severity: deny
#   message: "vault secret {ref} is disabled"
#   remedy: "Enable it: az keyvault secret set-attributes --vault-name {vault} --name {secret} --enabled true"
#   symptom: The sync reports 403, Operation get is not allowed on a disabled secret; the file never arrives or grows stale, and connections fail with BadCertificateUntrusted.
#   sources: ["Misconfigurations of connector stores, KV-03", "Azure Key Vault documentation, REST API error codes: SecretDisabled"]
#   variants:
#     version:
#       remedy: "Enable it: az keyvault secret set-attributes --vault-name {vault} --name {secret} --version {pinned} --enabled true; or remove objectVersion from the entry to follow the latest version"
package storewarden.rules.kv_03

finding contains {"code": "KV-03", "entry": e.id} if {
	some e in input.entries
	e.vault.problem == "Disabled"
	e.object.version == ""
}

finding contains {"code": "KV-03", "entry": e.id, "variant": "version", "args": {"pinned": e.object.version}} if {
	some e in input.entries
	e.vault.problem == "Disabled"
	e.object.version != ""
}
