# METADATA
# title: The type of the Secret does not suit its keys
# description: |
#   A Secret of type kubernetes.io/tls holds tls.crt and tls.key and nothing
#   else; a list or the client store needs other keys.
# custom:
#   subjects: [SecretSync]
#   severity: deny
#   message: "type kubernetes.io/tls allows only the keys tls.crt and tls.key, but the SecretSync maps {keys}"
#   remedy: "Set spec.secretObject.type: Opaque; if the SecretSync exists already, delete it first, and its Secret with it, since a Secret keeps its type: kubectl -n {namespace} delete secretsync {object}"
#   symptom: "The sync fails with \"Only 'tls.key' and 'tls.crt' are supported\", so the store stays as it was and connections fail with BadCertificateUntrusted."
#   sources: ["secrets-store-sync-controller v0.0.4, pkg/util/secretutil"]
#   variants:
#     store:
#       message: "type kubernetes.io/tls allows only the keys tls.crt and tls.key, which the {store} does not use"
#       remedy: "Set spec.secretObject.type: Opaque, with target keys such as my-server.der or my-server.crt in a list, my-client.der and my-client.pem in the client store, ca.crt in a TLS trust list; if the SecretSync exists already, delete it first, and its Secret with it, since a Secret keeps its type: kubectl -n {namespace} delete secretsync {object}"
package storewarden.rules.ss_18

import data.storewarden.lib.roles
import data.storewarden.lib.words

finding contains {"code": "SS-18", "field": "spec.secretObject.type", "variant": "store"} if {
	input.sync.secret_type == "kubernetes.io/tls"
	input.store.role in roles.stores
}

finding contains {"code": "SS-18", "field": "spec.secretObject.type", "args": {"keys": words.few(foreign)}} if {
	input.sync.secret_type == "kubernetes.io/tls"
	not input.store.role in roles.stores
	foreign := [e.key | some e in input.entries; not e.key in {"tls.crt", "tls.key"}]
	count(foreign) > 0
}
