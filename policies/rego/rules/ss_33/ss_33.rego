# METADATA
# title: The Secret would be too large
# description: |
#   The API server takes a Secret of 1 MiB at most, all its values together.
# custom:
#   subjects: [SecretSync]
#   severity: deny
#   message: "the values come to {size} KiB together, but a Secret holds 1024 KiB at most"
#   remedy: "Remove what is no longer needed (the longest are CRLs and bundles), or divide the mappings among several SecretSyncs where the store allows more than one"
#   symptom: The API server refuses the Secret and the sync reports ControllerPatchError; nothing is updated any more, and connections fail with BadCertificateUntrusted.
#   sources: ["Kubernetes documentation, Secret: limit of 1 MiB"]
package storewarden.rules.ss_33

finding contains {"code": "SS-33", "field": "spec.secretObject.data", "args": {"size": ceil(input.sync.size / 1024)}} if {
	input.sync.size > 1048576
}
