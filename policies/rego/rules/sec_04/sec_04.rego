# METADATA
# title: A key that the sync controller writes is changed by hand
# description: |
#   What a SecretSync maps is written by its controller: the value from the vault
#   comes back with the next sync. The controller itself is not meant, nor a
#   service account that no profile lists.
# custom:
#   subjects: [Secret]
#   operations: [update]
#   severity: warn
#   message: "key {key} is written by SecretSync {object}, which will overwrite this change"
#   remedy: "Change it where it comes from: az keyvault secret set --vault-name {vault} --name {secret} {upload}; or map another secret to {key} in SecretSync {object}"
#   symptom: The old value comes back within the hour, and the sync may report that someone else modified the Secret; what the change was to allow fails again with BadCertificateUntrusted.
#   basis: hand
#   sources: ["Azure IoT Operations documentation, manage secrets: do not edit synced secrets directly"]
#   variants:
#     removed:
#       message: "key {key} is written by SecretSync {object}, which will put it back"
#       remedy: "Remove the mapping of {key} from SecretSync {object} instead"
package storewarden.rules.sec_04

import data.storewarden.lib.upload

finding contains {"code": "SEC-04", "entry": e.id, "args": {"upload": upload.options[e.id]}} if {
	input.operation == "update"
	input.secret.managed
	some e in input.entries
	e.mapped
	e.changed
}

finding contains {
	"code": "SEC-04", "field": sprintf("data[%s]", [r.key]),
	"variant": "removed", "args": {"key": r.key},
} if {
	input.operation == "update"
	input.secret.managed
	some r in input.removed
}
