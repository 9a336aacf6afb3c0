# METADATA
# title: Two writers make one Secret
# description: |
#   A SecretSync makes the Secret of its own name. Two in one namespace cannot
#   have the same, but the CSI driver makes Secrets too, those in secretObjects of
#   a SecretProviderClass.
# custom:
#   subjects: [SecretSync]
#   severity: deny
#   message: "SecretProviderClass {classes} makes a Secret {object} too, by its secretObjects: two writers fight over it"
#   remedy: "Remove the item with secretName {object} from spec.secretObjects of SecretProviderClass {classes}; or give the SecretSync another name"
#   symptom: The sync reports InvalidClusterSecretLabelError and the list is no longer updated; connections fail with BadCertificateUntrusted for what was added since.
#   basis: peer-entry
#   sources: ["secrets-store-csi-driver v1.6.0, secretObjects", "secrets-store-sync-controller v0.0.4, one owner for each Secret"]
package storewarden.rules.ss_38

import data.storewarden.lib.words

finding contains {"code": "SS-38", "field": "metadata.name", "args": {"classes": words.few(input.sync.writers)}} if {
	count(input.sync.writers) > 0
}
