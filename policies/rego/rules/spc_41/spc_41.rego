# METADATA
# title: An object that Azure keeps is edited in the cluster
# description: |
#   What was made in Azure is projected into the cluster, and projected again: an
#   edit in the cluster lasts until then. The Arc agent writes such objects, and
#   is not meant; nor is a service account that no profile lists.
# custom:
#   subjects: [SecretProviderClass, SecretSync]
#   operations: [update]
#   severity: warn
#   message: "{kind} {object} is kept in Azure, which will overwrite this change"
#   remedy: "Make the change in Azure: az iot ops secretsync secret set, az iot ops connector opcua trust|issuer|client, or the template that made it"
#   symptom: The change disappears at the next projection; what it added is gone from the list, and connections fail with BadCertificateUntrusted.
#   basis: hand
#   sources: ["Azure documentation, secret store extension: directly editing can break the secrets flow", "Azure Arc, annotation management.azure.com/resourceId of projected resources"]
package storewarden.rules.spc_41

finding contains {"code": "SPC-41", "field": "spec"} if {
	input.subject.projected
	input.subject.changed
}
