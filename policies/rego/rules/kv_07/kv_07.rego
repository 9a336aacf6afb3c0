# METADATA
# title: The secret of a key or CRL nears its end
# description: |
#   For what has no end of its own, a private key or a CRL, the az CLI lets the
#   vault secret expire after 180 days. Key Vault hands it out all the same.
# custom:
#   subjects: [SecretProviderClass]
#   severity: info
#   message: "vault secret {ref} holds {what} and expires on {day}; Key Vault will still hand it out"
#   remedy: "Move its end: az keyvault secret set-attributes --vault-name {vault} --name {secret} --expires 2030-01-01T00:00:00Z"
#   symptom: None by itself; policies of the vault raise an alarm.
#   sources: ["az iot ops, certs.py: 180 days where a file has no end"]
package storewarden.rules.kv_07

import data.storewarden.lib.words

finding contains {"code": "KV-07", "entry": e.id, "args": {"day": words.day(e.vault.expires)}} if {
	some e in input.entries
	e.vault.expires >= input.now
	e.vault.expires <= input.now + (data.config.expiry_warning_days * 86400)
	e.content.kind in {"private-key", "crl"}
}
