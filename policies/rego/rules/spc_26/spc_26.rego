# METADATA
# title: An encoding is set where the provider takes none
# description: |
#   objectEncoding belongs to secrets; the provider refuses it on the types cert
#   and key.
# custom:
#   subjects: [SecretProviderClass]
#   severity: deny
#   message: "objectEncoding {encoding} is set on an object of type {type}, which takes none"
#   remedy: "Set objectType: secret if the vault holds {entry} as a secret, else remove the line objectEncoding"
#   symptom: 'The provider reports "objectEncoding only supported for objectType: secret" and the sync fails.'
#   implies: [SPC-25]
#   sources: ["Azure Key Vault provider v1.8.2, objectEncoding"]
package storewarden.rules.spc_26

finding contains {"code": "SPC-26", "entry": e.id, "field": concat(".", [e.field, "objectEncoding"])} if {
	some e in input.entries
	e.object.type != "secret"
	e.object.type in {"cert", "key"}
	e.object.encoding != ""
	e.trouble == ""
}
