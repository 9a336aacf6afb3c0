# METADATA
# title: A format is set that the provider does not know
# description: |
#   objectFormat says how a certificate resource is handed out: pem or pfx, and
#   pfx only as a secret. Anything else makes the provider refuse the object.
# custom:
#   subjects: [SecretProviderClass]
#   severity: deny
#   message: "objectFormat {format} is not known: it must be pem or pfx"
#   remedy: "Remove the line objectFormat: a secret is synced as it is stored, and its form is that of the file that was uploaded"
#   symptom: The provider reports "invalid objectFormat, should be PEM or PFX" and the sync fails; connections fail with BadCertificateTimeInvalid once the old certificate ends.
#   sources: ["Azure Key Vault provider v1.8.2, objectFormat"]
#   variants:
#     type:
#       message: "objectFormat {format} is set on an object of type {type}, which is always PEM"
#       remedy: "Remove the line objectFormat; entries of the connector's lists have objectType: secret"
package storewarden.rules.spc_27

finding contains {"code": "SPC-27", "entry": e.id, "field": concat(".", [e.field, "objectFormat"]), "args": {"format": e.object.format}} if {
	some e in input.entries
	e.object.format != ""
	not lower(e.object.format) in {"pem", "pfx"}
	e.trouble == ""
}

finding contains {
	"code": "SPC-27", "entry": e.id, "field": concat(".", [e.field, "objectFormat"]),
	"variant": "type", "args": {"format": e.object.format},
} if {
	some e in input.entries
	e.object.format != ""
	lower(e.object.format) == "pfx"
	e.object.type in {"cert", "key"}
	e.trouble == ""
}
