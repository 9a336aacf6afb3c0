# METADATA
# title: The class makes Secrets of its own
# description: |
#   secretObjects tells the CSI driver to make Secrets when a pod mounts the
#   class. The secret store extension ignores them; where a SecretSync makes a
#   Secret of the same name, two writers fight over it.
# custom:
#   subjects: [SecretProviderClass]
#   severity: deny
#   message: "secretObjects makes a Secret {name}, which SecretSync {name} makes too: two writers fight over it"
#   remedy: "Remove the item with secretName {name} from spec.secretObjects, and leave the Secret to the SecretSync"
#   symptom: The sync reports InvalidClusterSecretLabelError and the list is no longer updated; connections fail with BadCertificateUntrusted for what was added since.
#   basis: peer-entry
#   sources: ["Azure documentation, migrate to the secret store extension: remove secretObjects", "secrets-store-csi-driver v1.6.0, secretObjects"]
#   variants:
#     ignored:
#       message: "secretObjects makes a Secret {name} only where a pod mounts this SecretProviderClass: the secret store extension ignores it"
#       remedy: "Remove the item with secretName {name} from spec.secretObjects, and write a SecretSync {name} if its Secret is wanted"
package storewarden.rules.spc_37

finding contains {"code": "SPC-37", "field": s.field, "args": {"name": s.name}} if {
	some s in input.spc.secret_objects
	s.synced
}

finding contains {"code": "SPC-37", "field": s.field, "severity": "warn", "variant": "ignored", "args": {"name": s.name}} if {
	some s in input.spc.secret_objects
	not s.synced
	count(input.spc.used_by) > 0
}
