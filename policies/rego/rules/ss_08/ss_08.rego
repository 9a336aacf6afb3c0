# METADATA
# title: A trust list key has an extension that the connector does not read
# description: |
#   The connector for OPC UA reads files that end in .der (one DER certificate),
#   .crt (one PEM certificate) and .crl (a DER CRL); every other key of its trust
#   list is passed over in silence.
# custom:
#   subjects: [SecretSync]
#   severity: deny
#   message: "key {key} has {extension}: the connector reads only .der, .crt and .crl in its trust list"
#   remedy: "Rename the target key to {renamed}"
#   symptom: The file is ignored, the server stays unknown, and connections fail with BadCertificateUntrusted.
#   sources: ["az iot ops, certs.py, list of extensions", "Azure IoT Operations documentation, manage certificates for OPC UA"]
package storewarden.rules.ss_08

import data.storewarden.lib.lists

finding contains {"code": "SS-08", "entry": id, "field": concat(".", [input.entries[id].field, "targetKey"]), "args": words} if {
	input.store.role == "opcua-trust"
	some id, words in lists.unread
}
