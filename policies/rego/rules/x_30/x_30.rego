# METADATA
# title: A server's own certificate says that it is a CA
# description: |
#   Many tools make self-signed certificates with CA:TRUE. The .NET stack accepts
#   them; open62541 and the compliance test do not.
# custom:
#   subjects: [SecretSync, Secret, Certificate]
#   severity: info
#   message: "the application certificate {subject} says that it is a CA"
#   remedy: "Nothing needs to be done for the connector; where another stack refuses it, issue it again with basicConstraints CA:FALSE"
#   symptom: None at the connector; BadCertificateUseNotAllowed from stacks that refuse a CA as an application.
#   sources: ["open62541, check of application certificates", "OPC UA compliance test tool"]
#   variants:
#     requested:
#       message: "Certificate {object} asks for a CA (isCA), though it is for an application"
#       remedy: "Set spec.isCA to false"
package storewarden.rules.x_30

finding contains {"code": "X-30", "entry": c.entry, "certificate": c.id} if {
	some c in input.certificates
	c.ca
	c.application
	c.role in {"opcua-trust", "opcua-client"}
}

finding contains {"code": "X-30", "field": "spec.isCA", "variant": "requested"} if {
	input.issuance.own
	input.issuance.ca
}
