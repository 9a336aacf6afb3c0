# METADATA
# title: An endpoint accepts every server certificate
# description: |
#   With autoAcceptUntrustedServerCertificates the trust list is not asked, so a
#   missing or wrong one stays hidden, and whoever answers at the address is
#   believed. It does not help a certificate whose key usage is wrong.
# custom:
#   subjects: [Device]
#   operations: [create, update, audit]
#   severity: warn
#   message: "endpoint {endpoint} accepts every server certificate (autoAcceptUntrustedServerCertificates)"
#   remedy: "Add the server to the trust list (az iot ops connector opcua trust add --instance INSTANCE -g GROUP --certificate-file ./server.der), then set security.autoAcceptUntrustedServerCertificates to false in additionalConfiguration"
#   symptom: Everything seems to work, with the wrong machine too; the day it is switched off, connections fail with BadCertificateUntrusted.
#   sources: ["Azure IoT Operations documentation, OPC UA endpoint settings", "Azure/Industrial-IoT issue 1662"]
#   variants:
#     unreadable:
#       message: "additionalConfiguration of endpoint {endpoint} is no JSON object, so whether it accepts every server certificate cannot be seen"
#       remedy: "Write it as JSON in a text, such as '{\"security\": {\"autoAcceptUntrustedServerCertificates\": false}}'"
package storewarden.rules.u_12

finding contains {"code": "U-12", "field": concat("", [e.field, ".additionalConfiguration"]), "variant": variant, "args": {"endpoint": e.name}} if {
	some e in input.endpoints
	some variant in open(e)
}

open(e) := {v | some v, on in {"": e.auto_accept, "unreadable": e.unreadable}; on}
