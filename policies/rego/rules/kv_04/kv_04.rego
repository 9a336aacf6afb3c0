# METADATA
# title: The vault secret is deleted
# description: |
#   The secret was deleted and waits out its retention. It cannot be read, and
#   its name cannot be used for a new secret until it is recovered or purged.
# custom:
#   subjects: [SecretProviderClass, SecretSync]
#   severity: deny
#   message: "vault secret {ref} is deleted, but can still be recovered"
#   remedy: "Recover it: az keyvault secret recover --vault-name {vault} --name {secret}; or, if it was deleted on purpose, remove the entry"
#   symptom: "The sync reports 404, SecretNotFound; an upload under the same name fails with 409, ObjectIsDeletedButRecoverable; connections fail with BadCertificateUntrusted."
#   sources: ["Misconfigurations of connector stores, KV-04", "Azure Key Vault documentation, soft-delete overview"]
package storewarden.rules.kv_04

finding contains {"code": "KV-04", "entry": e.id} if {
	some e in input.entries
	e.vault.problem == "SoftDeleted"
}
