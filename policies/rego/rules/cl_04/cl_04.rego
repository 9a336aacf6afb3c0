# METADATA
# title: The connector's own certificate has another common name than is configured
# description: |
#   The connector looks for its certificate by the common name in subjectName;
#   az iot ops connector opcua client add sets both. It is compared only where
#   Storewarden's configuration tells subjectName.
# custom:
#   subjects: [SecretSync, Secret, Certificate]
#   severity: deny
#   message: "the common name of the connector's own certificate is {has}, but the connector is configured with {configured}"
#   remedy: "Set both at once: az iot ops connector opcua client add --instance INSTANCE -g RESOURCE-GROUP --public-key-file {stem}.der --private-key-file {stem}.pem --subject-name NAME --application-uri URI, with the common name of the certificate; or only the setting: az k8s-extension update -g RESOURCE-GROUP -c CLUSTER --cluster-type connectedClusters -n EXTENSION --config connectors.values.securityPki.subjectName={has}; if Storewarden's connector.subjectName is out of date, correct that"
#   symptom: The connector finds no certificate of its name and uses another one or none; servers answer BadCertificateUntrusted or BadSecurityChecksFailed.
#   sources: ["Azure IoT Operations documentation, subjectName must equal the common name", "az iot ops connector opcua client add"]
#   variants:
#     requested:
#       message: "Certificate {object} asks for the common name {has}, but the connector is configured with {configured}"
#       remedy: "Set spec.commonName to {configured}; or change the setting: az k8s-extension update -g RESOURCE-GROUP -c CLUSTER --cluster-type connectedClusters -n EXTENSION --config connectors.values.securityPki.subjectName={has}; if Storewarden's connector.subjectName is out of date, correct that"
package storewarden.rules.cl_04

finding contains {"code": "CL-04", "entry": c.entry, "certificate": c.id, "args": {"has": c.common_name, "configured": data.config.subject_name}} if {
	some c in input.certificates
	c.role == "opcua-client"
	c.common_name != data.config.subject_name
	data.config.subject_name != ""
}

finding contains {
	"code": "CL-04", "field": "spec.commonName", "variant": "requested",
	"args": {"has": input.issuance.common_name, "configured": data.config.subject_name},
} if {
	input.issuance.own
	input.issuance.common_name != data.config.subject_name
	data.config.subject_name != ""
}
