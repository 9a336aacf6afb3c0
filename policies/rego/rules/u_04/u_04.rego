# METADATA
# title: A certificate is named without its private key
# description: |
#   To log in with a certificate the connector needs its private key too, from
#   keySecretName, or from the same key of the Secret where that is a PFX file or
#   holds both in PEM.
# custom:
#   subjects: [Device]
#   operations: [create, update, audit]
#   severity: warn
#   message: "endpoint {endpoint} names the certificate {text} and no private key"
#   remedy: "Write keySecretName beside it: {secret}/privateKey, with the private key of the certificate in that key"
#   symptom: The endpoint reports that mutual TLS failed; over OPC UA it is BadIdentityTokenRejected.
#   sources: ["Azure Device Registry, shape of x509Credentials"]
package storewarden.rules.u_04

finding contains {"code": "U-04", "field": r.field, "args": {"endpoint": r.endpoint, "text": r.text, "secret": r.secret}} if {
	some r in input.references
	r.use == "certificate"
	r.state == "found"
	r.key_found
	not r.paired
	not r.holds_key
}
