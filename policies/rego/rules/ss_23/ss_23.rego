# METADATA
# title: The PKCS#12 file of a TLS Secret cannot be opened
# description: |
#   For a Secret of type kubernetes.io/tls the sync controller opens PKCS#12 with
#   an empty password and an older set of algorithms.
# custom:
#   subjects: [SecretSync]
#   severity: deny
#   message: "vault secret {ref} holds a PKCS#12 file with a password, which the sync controller cannot open for {key}"
#   remedy: "Upload certificate and key as PEM, each as a secret of its own: openssl pkcs12 -in FILE.pfx -clcerts -nokeys -out tls.crt; openssl pkcs12 -in FILE.pfx -nocerts -nodes -out tls.key; or write the file anew without a password: openssl pkcs12 -export -legacy -passout pass: -in tls.crt -inkey tls.key -out FILE.pfx"
#   symptom: The sync reports "pkcs12, decryption password incorrect" and the Secret is not made; TLS client authentication fails, and an OPC UA connection with BadSecurityChecksFailed.
#   sources: ["secrets-store-sync-controller v0.0.4, pkg/util/secretutil, observed"]
package storewarden.rules.ss_23

import data.storewarden.lib.types

finding contains {"code": "SS-23", "entry": e.id} if {
	input.sync.secret_type == types.tls
	some e in input.entries
	e.content.kind == "pkcs12"
	"password-protected" in e.content.problems
	e.key in {"tls.crt", "tls.key"}
}
