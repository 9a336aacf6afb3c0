# METADATA
# title: A store is deleted by hand
# description: |
#   Until the next sync, an hour by default, the connector is without it; a pod
#   that starts meanwhile cannot mount it. Garbage collection and namespaces that
#   end are not meant.
# custom:
#   subjects: [Secret]
#   operations: [delete]
#   severity: warn
#   message: "{object} is deleted, and stays away until SecretSync {object} is synced again, which may take an hour"
#   remedy: "Have it made at once: kubectl -n {namespace} patch secretsync {object} --type merge -p '{\"spec\":{\"forceSynchronization\":\"t'$(date +%s)'\"}}'"
#   symptom: Pods of the connector do not start, for want of a Secret to mount; connections fail with BadCertificateUntrusted.
#   basis: hand
#   sources: ["Azure documentation, secret store extension: poll interval and forceSynchronization"]
#   variants:
#     orphan:
#       message: "{object} is deleted, and nothing makes it again: there is no SecretSync of this name"
#       remedy: "Write a SecretSync {object}, or apply the Secret again from where it is kept"
package storewarden.rules.sec_09

finding contains {"code": "SEC-09", "field": "metadata.name", "variant": {true: "orphan", false: ""}[input.secret.orphan]} if {
	input.operation == "delete"
	wanted
}

wanted if input.store.role != ""

wanted if input.secret.managed
