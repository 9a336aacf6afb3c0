# METADATA
# title: The client's private key cannot be used as it is
# description: |
#   The connector reads the private key of its own certificate from a PEM file
#   without a password.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: deny
#   message: "key {key} must hold the private key in PEM without a password, but it is encrypted"
#   remedy: "Decrypt it: openssl pkey -in {stem}.pem -out {stem}-plain.pem; then upload the pair: az iot ops connector opcua client add --instance INSTANCE -g RESOURCE-GROUP --public-key-file {stem}.der --private-key-file {stem}-plain.pem --subject-name NAME --application-uri URI"
#   symptom: The connector ignores the key, has no certificate of its own to open a secure channel with, and logs BadCertificateInvalid or BadSecurityChecksFailed.
#   sources: ["az iot ops connector opcua client add: reads a PEM key without a password", "UA-.NETStandard, certificate store on disk"]
#   variants:
#     der:
#       message: "key {key} must hold the private key in PEM, but vault secret {ref} holds it in DER"
#       remedy: "Convert it: openssl pkey -inform DER -in {stem}.key -out {stem}.pem; then upload it: az keyvault secret set --vault-name {vault} --name {secret} --file ./{stem}.pem --encoding {encoding} --content-type application/x-pem-file"
package storewarden.rules.cl_02

finding contains {"code": "CL-02", "entry": e.id} if {
	some e in input.entries
	e.content.locked
	e.content.kind == "private-key"
	e.content.format == "pem"
	e.role == "opcua-client"
}

# A Secret's key in DER is SEC-07's.
finding contains {"code": "CL-02", "entry": e.id, "variant": "der"} if {
	some e in input.entries
	e.content.kind == "private-key"
	e.content.format == "der"
	e.role == "opcua-client"
	lower(e.ext) == ".pem"
	input.subject.kind == "SecretSync"
}
