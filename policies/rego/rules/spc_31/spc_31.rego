# METADATA
# title: One vault secret is listed twice, in different encodings
# description: |
#   A value is in one encoding. Of two objects for the same secret that declare
#   different ones, one hands out garbage; the az CLI adds a second object
#   whenever the text of the first differs from its own. Two with the same output
#   are SPC-30.
# custom:
#   subjects: [SecretProviderClass]
#   severity: warn
#   message: "vault secret {secret} is listed as {output} with {declared}, and in another encoding as {others}"
#   remedy: "Keep one object for {secret}, in the encoding that the tag names: az keyvault secret show --vault-name {vault} --name {secret} --query 'tags.\"file-encoding\"' -o tsv; and set sourcePath to its output in the SecretSync"
#   symptom: What the wrong one hands out is encoded text or nothing at all; connections fail with BadCertificateUntrusted.
#   sources: ["az iot ops, certs.py: an object is appended when its text differs", "Azure Key Vault provider v1.8.2, objectEncoding"]
package storewarden.rules.spc_31

import data.storewarden.lib.words

finding contains {"code": "SPC-31", "entry": e.id, "args": {"others": words.few(e.object.otherwise), "declared": declared(e.object.encoding)}} if {
	some e in input.entries
	count(e.object.otherwise) > 0
	e.state in {"unseen", "decoded"} # else another rule tells which is wrong
	not told
}

# told: where one of them cannot be decoded, the rule that says so is enough.
told if {
	some e in input.entries
	e.state == "undecodable"
	count(e.object.otherwise) > 0
}

declared("") := "no objectEncoding"

declared(encoding) := concat(" ", ["objectEncoding:", encoding]) if encoding != ""
