# METADATA
# title: The encoding of an object is unknown
# description: |
#   The provider knows hex, base64 and utf-8 (in any case of letters), and
#   refuses all else; without objectEncoding a value is taken as it is.
# custom:
#   subjects: [SecretProviderClass]
#   severity: deny
#   message: "objectEncoding {encoding} is not known: it must be hex, base64 or utf-8"
#   remedy: "Set objectEncoding: hex for a file uploaded with --encoding hex, or remove the line for plain text; az keyvault secret show --vault-name {vault} --name {secret} --query 'tags.\"file-encoding\"' -o tsv tells which it was"
#   symptom: The provider reports "invalid objectEncoding, should be hex, base64 or utf-8" and the sync fails.
#   sources: ["Azure Key Vault provider v1.8.2, objectEncoding"]
package storewarden.rules.spc_25

finding contains {"code": "SPC-25", "entry": e.id, "field": concat(".", [e.field, "objectEncoding"])} if {
	some e in input.entries
	e.state == "malformed" # as it is with such an encoding
	not lower(e.object.encoding) in {"", "hex", "base64", "utf-8"}
	e.trouble == ""
}
