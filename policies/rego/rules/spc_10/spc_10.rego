# METADATA
# title: The list of objects is empty
# description: |
#   An empty list of objects is read without a complaint and gives nothing: every
#   SecretSync that refers to the SecretProviderClass finds no source.
# custom:
#   subjects: [SecretProviderClass]
#   severity: deny
#   message: "spec.parameters.objects is empty, and these SecretSyncs refer to this SecretProviderClass: {syncs}"
#   remedy: "List every vault secret that they map, each as a block of text with objectName, objectType: secret and objectEncoding: hex for an uploaded file; or delete the SecretSyncs first"
#   symptom: The sync finds no object versions, nothing is synced, and what was trusted is lost when a Secret is made anew (BadCertificateUntrusted).
#   sources: ["Azure Key Vault provider v1.8.2, objects array", "Secret store extension, status reasons"]
package storewarden.rules.spc_10

import data.storewarden.lib.azure
import data.storewarden.lib.words

finding contains {"code": "SPC-10", "field": "spec.parameters.objects", "args": {"syncs": words.few(input.spc.used_by)}} if {
	input.spc.objects_trouble == "empty"
	count(input.spc.used_by) > 0
	azure.meant
}
