# METADATA
# title: The SecretProviderClass lists no objects
# description: |
#   Without spec.parameters.objects nothing can be fetched through the class. As
#   "az iot ops secretsync enable" makes it, and leaves it when the last certificate
#   is removed, that is as it should be; with a SecretSync that refers to it, every
#   sync of the instance stops.
# custom:
#   subjects: [SecretProviderClass]
#   severity: deny
#   message: "spec.parameters.objects is missing, so every sync through this SecretProviderClass stops: {syncs}"
#   remedy: "Put the full list back under spec.parameters.objects: the key array:, and under it for each object a line \"- |\" with the indented lines objectName: NAME, objectType: secret, objectEncoding: hex; if a deployment template dropped it, add the list there too"
#   symptom: SecretSyncs report "objects is not set" or "the secretproviderclass parameters does not have a valid objects field"; lists keep what they had until they are made anew, then every connection fails with BadCertificateUntrusted.
#   sources: ["Azure Key Vault provider v1.8.2, objects is not set", "site operations sample, re-running secret sync enablement"]
#   variants:
#     unused:
#       message: "spec.parameters.objects is missing; no SecretSync refers to this SecretProviderClass yet"
#       remedy: "Nothing needs to be done until a certificate is added: az iot ops connector opcua trust add --instance INSTANCE -g GROUP --certificate-file FILE writes the first object"
package storewarden.rules.spc_09

import data.storewarden.lib.azure
import data.storewarden.lib.words

finding contains {"code": "SPC-09", "field": "spec.parameters.objects", "args": {"syncs": words.few(input.spc.used_by)}} if {
	missing
	used
}

finding contains {"code": "SPC-09", "field": "spec.parameters.objects", "variant": "unused", "severity": "info"} if {
	missing
	not used
}

missing if {
	input.spc.objects_trouble == "missing"
	input.spc.has_parameters
	azure.meant
}

used if count(input.spc.used_by) > 0
