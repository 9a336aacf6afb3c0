# METADATA
# title: A store's object is fetched as a Key Vault key
# description: |
#   objectType key gives the public key alone, as PEM; no store can use that.
# custom:
#   subjects: [SecretProviderClass, SecretSync]
#   severity: deny
#   message: "objectType key fetches only the public key of {secret}, which is no certificate"
#   remedy: "In SecretProviderClass {spc} set objectType: secret for {secret}, with objectEncoding: hex if the file was uploaded with --encoding hex"
#   symptom: The sync fails with a 404, or the file is no certificate and connections fail with BadCertificateUntrusted.
#   implies: [SPC-26]
#   sources: ["Azure Key Vault provider v1.8.2, objectType key"]
package storewarden.rules.spc_21

import data.storewarden.lib.fields

finding contains {"code": "SPC-21", "entry": e.id, "field": fields.object(input.subject.kind, e.field, "objectType")} if {
	some e in input.entries
	e.object.type == "key"
	e.role != ""
}
