# METADATA
# title: The name is nearly that of a store
# description: |
#   The connector for OPC UA mounts three Secrets by their exact names. A
#   SecretSync whose name is a letter or a word off makes a Secret that nobody
#   reads.
# custom:
#   subjects: [SecretSync]
#   severity: warn
#   message: "the name {object} is nearly {near}, the one that the connector reads"
#   remedy: "Name the SecretSync {near}, and delete this one; if it is a store of its own, say of which kind by the label storewarden.io/store"
#   symptom: The Secret is made and nobody mounts it; connections fail with BadCertificateUntrusted.
#   sources: ["Azure IoT Operations documentation, manage certificates for OPC UA"]
package storewarden.rules.ss_25

finding contains {"code": "SS-25", "field": "metadata.name", "args": {"near": input.store.near}} if {
	input.store.near != ""
	input.store.role == "" # else it is known what it is
}
