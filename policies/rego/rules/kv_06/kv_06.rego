# METADATA
# title: A vault secret is not meant to be used yet
# description: |
#   The attribute nbf of a secret only informs: Key Vault hands out the value
#   before it, and the sync carries it into the cluster.
# custom:
#   subjects: [SecretProviderClass, SecretSync]
#   severity: warn
#   message: "vault secret {ref} is not to be used before {day}, but is synced already"
#   remedy: "If it is right, correct the attribute: az keyvault secret set-attributes --vault-name {vault} --name {secret} --not-before 2020-01-01T00:00:00Z; else take it out of the SecretProviderClass until then"
#   symptom: None by itself; a certificate that begins with it fails with BadCertificateTimeInvalid until then.
#   sources: ["Azure Key Vault documentation, a get works for secrets that are not yet valid"]
package storewarden.rules.kv_06

import data.storewarden.lib.words

finding contains {"code": "KV-06", "entry": e.id, "args": {"day": words.day(e.vault.not_before)}} if {
	some e in input.entries
	e.vault.not_before > input.now
	not early[e.id]
}

# early: X-02 says it of the certificate.
early[c.entry] if {
	some c in input.certificates
	c.not_before > input.now
}
