# METADATA
# title: A store Secret cannot be changed after creation
# description: |
#   A Secret with immutable set to true takes no more updates: a renewed
#   certificate or a new CRL never reaches the connector.
# custom:
#   subjects: [Secret]
#   severity: deny
#   message: "{object} is marked as one that cannot be changed after creation, so no renewed certificate would ever reach it"
#   remedy: "Leave out the line immutable: true"
#   symptom: Every later sync fails, and connections fail with BadCertificateTimeInvalid when the first certificate ends.
#   sources: ["Kubernetes documentation, Secrets that cannot be changed"]
package storewarden.rules.sec_08

finding contains {"code": "SEC-08", "field": "immutable"} if {
	input.secret.immutable
	input.store.role != ""
}
