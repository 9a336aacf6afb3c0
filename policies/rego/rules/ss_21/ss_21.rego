# METADATA
# title: The private key of a TLS Secret is encrypted
# description: |
#   For a Secret of type kubernetes.io/tls the sync controller takes the private
#   key apart and writes it anew; of an encrypted one it writes an empty block,
#   and reports success.
# custom:
#   subjects: [SecretSync]
#   severity: deny
#   message: "vault secret {ref} holds an encrypted private key: the sync controller would write an empty one under {key}"
#   remedy: "Decrypt the key and upload it again: openssl pkey -in {secret}.pem -out {secret}-plain.pem; az keyvault secret set --vault-name {vault} --name {secret} --file ./{secret}-plain.pem --encoding {encoding} --content-type application/x-pem-file"
#   symptom: The Secret is made and its key is empty; TLS client authentication fails, and an OPC UA connection with BadSecurityChecksFailed.
#   sources: ["secrets-store-sync-controller v0.0.4, pkg/util/secretutil, observed"]
package storewarden.rules.ss_21

import data.storewarden.lib.types

finding contains {"code": "SS-21", "entry": e.id} if {
	input.sync.secret_type == types.tls
	some e in input.entries
	e.content.locked
	e.content.format == "pem" # PKCS#12 is SS-23's
	e.key == "tls.key"
}
