# METADATA
# title: The client store does not hold one certificate with its key
# description: |
#   The connector's own certificate is one .der file and one .pem file with its
#   private key, both of the same name.
# custom:
#   subjects: [SecretSync]
#   severity: deny
#   message: "the client store holds {keys}, but the connector needs exactly one .der (certificate) and one .pem (private key) of the same name"
#   remedy: "Map one pair, such as my-client.der and my-client.pem, and remove the rest: az iot ops connector opcua client add --instance INSTANCE -g GROUP --public-key-file my-client.der --private-key-file my-client.pem --subject-name NAME --application-uri URI"
#   symptom: The connector cannot load a certificate of its own and opens no secure channel, or uses its default one, which servers refuse with BadSecurityChecksFailed.
#   sources: ["az iot ops, certs.py, client add", "Azure IoT Operations documentation, client certificate of the connector for OPC UA"]
package storewarden.rules.ss_10

import data.storewarden.lib.words

finding contains {"code": "SS-10", "field": "spec.secretObject.data", "args": {"keys": words.few(keys)}} if {
	input.store.role == "opcua-client"
	input.sync.secret_type != "kubernetes.io/tls" # SS-18 says it
	not pair
	keys := [e.key | some e in input.entries]
	count(keys) > 0
}

pair if {
	certificates := [e.stem | some e in input.entries; lower(e.ext) == ".der"]
	keys := [e.stem | some e in input.entries; lower(e.ext) == ".pem"]
	count(certificates) == 1
	keys == certificates
}
