# METADATA
# title: An application certificate does not name one application
# description: |
#   The subject alternative name of an application certificate holds exactly one
#   URI, the application URI; both sides compare it with what the other says of
#   itself. The az CLI refuses a client certificate with any other number.
# custom:
#   subjects: [SecretSync, Secret, Certificate]
#   severity: warn
#   message: "the certificate {subject} has no URI in its subject alternative name, where its application URI belongs"
#   remedy: "Issue the certificate again with subjectAltName URI:urn:HOST:APPLICATION, the application URI that the server or client is configured with, and upload it: az keyvault secret set --vault-name {vault} --name {secret} {upload}"
#   symptom: BadCertificateUriInvalid.
#   sources: ["OPC 10000-6 6.2.2, subjectAltName", "az iot ops connector opcua client add"]
#   variants:
#     several:
#       message: "the certificate {subject} has several URIs in its subject alternative name: {uris}"
#     invalid:
#       message: "the application URI {uris} of the certificate {subject} is no URI"
#     requested:
#       message: "Certificate {object} asks for {found} URIs in the subject alternative name, where the application URI belongs"
#       remedy: "Write exactly one into spec.uris, the applicationUri of the connector (urn:microsoft.com:aio:opc:ua:broker unless it was changed)"
package storewarden.rules.x_28

import data.storewarden.lib.applications
import data.storewarden.lib.upload
import data.storewarden.lib.words

finding contains misnamed(c, "") if {
	some c in input.certificates
	c.end_entity
	c.role in applications.stores
	count(c.uris) == 0
}

finding contains misnamed(c, "several") if {
	some c in input.certificates
	c.end_entity
	c.role in applications.stores
	count(c.uris) > 1
}

finding contains misnamed(c, "invalid") if {
	some c in input.certificates
	c.end_entity
	c.role in applications.stores
	count(c.uris) == 1
	not regex.match(`^[A-Za-z][-+.A-Za-z0-9]*:.`, c.uris[0])
}

misnamed(c, variant) := object.union(severity(c), {
	"code": "X-28", "entry": c.entry, "certificate": c.id, "variant": variant,
	"args": {"uris": words.few(c.uris), "upload": upload.options[c.entry]},
})

# severity: with such a certificate of its own the connector connects nowhere.
severity(c) := {"severity": "deny"} if c.role == "opcua-client"

severity(c) := {} if c.role != "opcua-client"

finding contains {
	"code": "X-28", "field": "spec.uris", "severity": "deny", "variant": "requested",
	"args": {"found": count(input.issuance.uris)},
} if {
	input.issuance.own
	count(input.issuance.uris) != 1
}
