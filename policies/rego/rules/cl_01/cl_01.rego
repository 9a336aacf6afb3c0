# METADATA
# title: The client's private key is not that of its certificate
# description: |
#   The connector identifies itself with a certificate (.der) and the
#   private key of the same name (.pem). The two are no pair: one of them was renewed without
#   the other, or a wrong file was picked. The az CLI does not check it.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: deny
#   message: "the private key in {key} does not belong to the certificate in {certificate}"
#   remedy: "Upload a pair that belongs together: az iot ops connector opcua client add --instance INSTANCE -g RESOURCE-GROUP --public-key-file {certificate} --private-key-file {key} --subject-name NAME --application-uri URI; these two print the same if it does: openssl x509 -inform DER -in {certificate} -pubkey -noout; openssl pkey -in {key} -pubout"
#   symptom: The connector ignores the key, has no certificate of its own to open a secure channel with, and logs BadCertificateInvalid or BadSecurityChecksFailed.
#   sources: ["Misconfigurations of connector stores, CL-01", "UA-.NETStandard, VerifyKeyPair"]
package storewarden.rules.cl_01

finding contains {"code": "CL-01", "entry": k.entry, "args": {"certificate": k.certificate}} if {
	some k in input.keys
	k.role == "opcua-client"
	k.readable
	k.certificate != ""
	not k.matches
}
