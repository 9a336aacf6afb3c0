# METADATA
# title: The connector's own certificate has another application URI than is configured
# description: |
#   A server compares the application URI that the connector says of itself with
#   the URI in its certificate. It is compared only where Storewarden's
#   configuration tells applicationUri.
# custom:
#   subjects: [SecretSync, Secret, Certificate]
#   severity: deny
#   message: "the application URI of the connector's own certificate is {has}, but the connector is configured with {configured}"
#   remedy: "Set both at once: az iot ops connector opcua client add --instance INSTANCE -g RESOURCE-GROUP --public-key-file {stem}.der --private-key-file {stem}.pem --subject-name NAME --application-uri URI, with the application URI of the certificate; or only the setting: az k8s-extension update -g RESOURCE-GROUP -c CLUSTER --cluster-type connectedClusters -n EXTENSION --config connectors.values.securityPki.applicationUri={has}; if Storewarden's connector.applicationUri is out of date, correct that"
#   symptom: Servers answer BadCertificateUriInvalid.
#   sources: ["Azure IoT Operations documentation, applicationUri must equal the URI of the certificate", "OPC 10000-4 5.6.2, CreateSession: BadCertificateUriInvalid"]
#   variants:
#     requested:
#       message: "Certificate {object} asks for the application URI {has}, but the connector is configured with {configured}"
#       remedy: "Set spec.uris to {configured}; or change the setting: az k8s-extension update -g RESOURCE-GROUP -c CLUSTER --cluster-type connectedClusters -n EXTENSION --config connectors.values.securityPki.applicationUri={has}; if Storewarden's connector.applicationUri is out of date, correct that"
package storewarden.rules.cl_05

finding contains {"code": "CL-05", "entry": c.entry, "certificate": c.id, "args": {"has": c.uris[0], "configured": data.config.application_uri}} if {
	some c in input.certificates
	c.role == "opcua-client"
	count(c.uris) == 1 # else X-28 tells it
	c.uris[0] != data.config.application_uri
	data.config.application_uri != ""
}

finding contains {
	"code": "CL-05", "field": "spec.uris", "variant": "requested",
	"args": {"has": input.issuance.uris[0], "configured": data.config.application_uri},
} if {
	input.issuance.own
	count(input.issuance.uris) == 1
	input.issuance.uris[0] != data.config.application_uri
	data.config.application_uri != ""
}
