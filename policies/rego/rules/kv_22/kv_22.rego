# METADATA
# title: A vault secret is as long as it can be
# description: |
#   Key Vault takes 25 KB; as hex that is a file of 12.5 KB. A CRL grows, and the
#   one that no longer fits is refused by the vault, so that the old one stays.
# custom:
#   subjects: [SecretProviderClass]
#   severity: info
#   message: "vault secret {ref} holds a CRL of {size} bytes, which is {length} as {encoding}; Key Vault takes 25600"
#   remedy: "Upload it as base64, which holds files of up to 18.7 KB, and set objectEncoding: base64 (az keyvault secret set --vault-name {vault} --name {secret} --file ./{key} --encoding base64 --content-type application/pkix-crl); or have the CA issue partitioned CRLs"
#   symptom: The next CRL cannot be stored; what it revokes is still accepted, and once the old one ends BadCertificateRevocationUnknown where unknown status is rejected.
#   sources: ["Azure Key Vault documentation, size of a secret"]
#   variants:
#     over:
#       message: "vault secret {ref} is {length} bytes long, but Key Vault takes 25600"
#       remedy: "Store a shorter file, or the same as base64 if it has up to 18.7 KB: az keyvault secret set --vault-name {vault} --name {secret} --file ./{key} --encoding base64 --content-type {upload_type}; and set objectEncoding: base64"
package storewarden.rules.kv_22

# limit is 25 KB; nine tenths of it leave room for a CRL or two.
limit := 25600

near := 23040

# harmless is what no encoding makes too long: none does more than double it.
harmless := 12800

finding contains {"code": "KV-22", "entry": e.id, "args": {"size": e.content.size, "length": length}} if {
	some e in input.entries
	e.content.kind == "crl"
	length := stored(e.content.size, lower(e.object.encoding))
	length >= near
	length <= limit
}

finding contains {"code": "KV-22", "entry": e.id, "severity": "deny", "variant": "over", "args": {"length": length}} if {
	some e in input.entries
	e.content.size > harmless
	length := stored(e.content.size, lower(e.object.encoding))
	length > limit
}

stored(size, "hex") := size * 2

stored(size, "base64") := ceil(size / 3) * 4

stored(size, encoding) := size if not encoding in {"hex", "base64"}
