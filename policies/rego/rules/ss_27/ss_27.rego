# METADATA
# title: A Secret of the same name is there, made by somebody else
# description: |
#   The sync controller writes only Secrets that bear its label; one that somebody
#   made by hand, or that a repository holds beside the SecretSync, it leaves
#   alone and reports. A name that another local Secret has is never free for a
#   store.
# custom:
#   subjects: [SecretSync]
#   severity: deny
#   message: "a Secret {object} is there that no sync controller made, so this SecretSync will not write it"
#   remedy: "Delete that Secret, once what it holds is mapped here: kubectl -n {namespace} delete secret {object} (and remove it from the repository, if one holds it); or give the SecretSync another name"
#   symptom: The sync reports InvalidClusterSecretLabelError, and the Secret stays as it is; connections fail with BadCertificateUntrusted for what was added since.
#   basis: peer-entry
#   covers: [SS-28]
#   sources: ["Azure documentation, secret store extension: a secret already exists with this name", "Azure IoT Operations, known issue 0606"]
package storewarden.rules.ss_27

finding contains {"code": "SS-27", "field": "metadata.name"} if {
	input.sync.occupied
}
