# METADATA
# title: A store's name is used in the wrong namespace
# description: |
#   The connector mounts the Secrets of its stores from its own namespace; one of
#   the same name elsewhere is never read.
# custom:
#   subjects: [SecretSync]
#   severity: deny
#   message: "{object} is the name of a store that the connector reads in namespace {store_namespace} only, not in {namespace}"
#   remedy: "Set metadata.namespace: {store_namespace}, and use a SecretProviderClass of that namespace; if connectors do run in {namespace}, add it to namespaces in Storewarden's configuration"
#   symptom: The Secret is made but nobody mounts it, and connections fail with BadCertificateUntrusted.
#   sources: ["Azure IoT Operations documentation, manage certificates for OPC UA: the lists are in azure-iot-operations"]
package storewarden.rules.ss_26

finding contains {"code": "SS-26", "field": "metadata.namespace"} if {
	input.store.reserved != ""
	not input.store.guarded
}
