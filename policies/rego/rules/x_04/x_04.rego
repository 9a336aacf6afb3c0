# METADATA
# title: A certificate in the issuer list is no CA
# description: |
#   The issuer list holds the CA certificates that complete a chain. A server's
#   own certificate is never used from there and is not trusted by it; it belongs
#   in the trust list. That goes for self-signed application certificates too,
#   even where they claim to be a CA, as many servers' tools make them do.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: deny
#   message: "the certificate {subject} is not a CA certificate: only CA certificates can be in the issuer list"
#   remedy: "Move {key} to the trust list: az iot ops connector opcua issuer remove --instance INSTANCE -g RESOURCE-GROUP --certificate-names {key}; az iot ops connector opcua trust add --instance INSTANCE -g RESOURCE-GROUP --certificate-file ./{key}; and add its issuer here: {issuer}"
#   symptom: It is ignored, and connections fail with BadCertificateChainIncomplete or BadCertificateUntrusted.
#   sources: ["Misconfigurations of connector stores, X-04", "the az CLI refuses it", "OPC 10000-12 7.8.2.8, IssuerCertificates", "OPC UA devices: self-signed application certificates with CA:TRUE"]
#   variants:
#     self-signed:
#       remedy: "Move {key} to the trust list: az iot ops connector opcua issuer remove --instance INSTANCE -g RESOURCE-GROUP --certificate-names {key}; az iot ops connector opcua trust add --instance INSTANCE -g RESOURCE-GROUP --certificate-file ./{key}"
#     application:
#       message: "the certificate {subject} says that it is a CA, but looks like an application's own: the issuer list does not make it trusted"
#       remedy: "Move {key} to the trust list: az iot ops connector opcua issuer remove --instance INSTANCE -g RESOURCE-GROUP --certificate-names {key}; az iot ops connector opcua trust add --instance INSTANCE -g RESOURCE-GROUP --certificate-file ./{key}"
package storewarden.rules.x_04

finding contains {"code": "X-04", "entry": c.entry, "certificate": c.id, "variant": {true: "self-signed", false: ""}[c.self_issued]} if {
	some c in input.certificates
	c.role == "opcua-issuer"
	lower(input.entries[c.entry].ext) != ".crl" # SS-13 or SEC-07 tells it
	not c.ca
	c.version == 3
}

finding contains {"code": "X-04", "entry": c.entry, "certificate": c.id, "severity": "warn", "variant": "application"} if {
	some c in input.certificates
	c.role == "opcua-issuer"
	lower(input.entries[c.entry].ext) != ".crl" # SS-13 or SEC-07 tells it
	c.application
	c.ca
}
