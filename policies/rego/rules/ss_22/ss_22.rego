# METADATA
# title: The private key of a TLS Secret is of a kind that is not written
# description: |
#   For a Secret of type kubernetes.io/tls the sync controller writes RSA and
#   ECDSA keys and refuses all others.
# custom:
#   subjects: [SecretSync]
#   severity: deny
#   message: "vault secret {ref} holds an {algorithm} private key, but the sync controller writes RSA and ECDSA keys only"
#   remedy: "Issue a pair with an RSA or ECDSA key (openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out {secret}.pem) and upload both parts; or use type: Opaque, which writes any key as it is"
#   symptom: The sync reports "Only rsa and ecdsa are supported" and the Secret is not made; TLS client authentication fails, and an OPC UA connection with BadSecurityChecksFailed.
#   sources: ["secrets-store-sync-controller v0.0.4, pkg/util/secretutil, observed"]
package storewarden.rules.ss_22

import data.storewarden.lib.types

finding contains {"code": "SS-22", "entry": e.id, "args": {"algorithm": e.content.key_algorithm}} if {
	input.sync.secret_type == types.tls
	some e in input.entries
	e.content.key_algorithm in {"Ed25519", "DSA"}
	e.key == "tls.key"
}
