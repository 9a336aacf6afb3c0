# METADATA
# title: A vault secret is past its end
# description: |
#   The attribute exp of a secret only informs: Key Vault still hands out the
#   value. The az CLI sets it to the certificate's own end, or to half a year
#   where there is none.
# custom:
#   subjects: [SecretProviderClass, SecretSync]
#   severity: warn
#   message: "vault secret {ref} has expired on {day}; Key Vault still hands it out"
#   remedy: "Renew what it holds and upload it: az keyvault secret set --vault-name {vault} --name {secret} {upload}; or, if it is still wanted, move its end: az keyvault secret set-attributes --vault-name {vault} --name {secret} --expires 2030-01-01T00:00:00Z"
#   symptom: None by itself; policies of the vault raise an alarm, and a certificate that ended with it fails with BadCertificateTimeInvalid.
#   sources: ["Azure Key Vault documentation, a get works for expired secrets", "az iot ops, certs.py, expiration date"]
package storewarden.rules.kv_05

import data.storewarden.lib.upload
import data.storewarden.lib.words

finding contains {"code": "KV-05", "entry": e.id, "args": {"day": words.day(e.vault.expires), "upload": upload.options[e.id]}} if {
	some e in input.entries
	e.vault.expires != 0
	e.vault.expires < input.now
	not ended[e.id]
}

# ended: X-01 says it of the certificate, which is what matters.
ended[c.entry] if {
	some c in input.certificates
	c.not_after < input.now
}
