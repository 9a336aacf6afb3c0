# METADATA
# title: An object is pinned to one version
# description: |
#   With objectVersion the same version is fetched for ever, and a renewed
#   certificate never arrives.
# custom:
#   subjects: [SecretProviderClass]
#   severity: warn
#   message: "objectVersion pins {entry} to one version: a renewed secret will never be synced"
#   remedy: "Remove the line objectVersion, so that the latest version is synced"
#   symptom: After a renewal the old certificate stays until it expires; then connections fail with BadCertificateTimeInvalid.
#   sources: ["Azure IoT Operations documentation, manage secrets: only the latest version is synced"]
package storewarden.rules.spc_32

finding contains {"code": "SPC-32", "entry": e.id, "field": concat(".", [e.field, "objectVersion"])} if {
	some e in input.entries
	e.object.version != ""
	e.trouble == ""
}
