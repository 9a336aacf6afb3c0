# METADATA
# title: An extension is in capitals
# description: |
#   On Linux a file .DER is not a file .der: what looks for the one does not find
#   the other. The az CLI also gives such a file the content type of PEM.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: warn
#   message: "key {key} ends in {ext}: the connector looks for {lower} and may pass over it"
#   remedy: "Rename the target key to {renamed}, and give its vault secret the right label: az keyvault secret set-attributes --vault-name {vault} --name {secret} --content-type {upload_type}"
#   symptom: The file is ignored; connections fail with BadCertificateUntrusted, or BadCertificateChainIncomplete for a CA.
#   implies: [KV-09]
#   sources: ["UA-.NETStandard, DirectoryCertificateStore.cs: *.der, *.pem, *.crl", "az iot ops, certs.py, content type by extension"]
#   variants:
#     secret:
#       remedy: "Rename the key to {renamed}: in the SecretSync that maps it, or by adding {renamed} and removing {key} if nothing else writes this Secret"
package storewarden.rules.ss_15

import data.storewarden.lib.roles

finding contains {
	"code": "SS-15",
	"entry": e.id,
	"field": field[input.subject.kind][e.id],
	"variant": {"SecretSync": "", "Secret": "secret"}[input.subject.kind],
	"args": {"lower": lower(e.ext), "renamed": concat("", [e.stem, lower(e.ext)])},
} if {
	some e in input.entries
	not e.ext in {".der", ".crt", ".crl", ".pem"}
	lower(e.ext) in {".der", ".crt", ".crl", ".pem"}
	e.role in roles.opcua
	not taken[e.id]
}

field.SecretSync[e.id] := concat(".", [e.field, "targetKey"]) if some e in input.entries

field.Secret[e.id] := e.field if some e in input.entries

# taken: a .PEM in a list is refused under any case.
taken[e.id] if {
	some e in input.entries
	lower(e.ext) == ".pem"
	e.role in roles.opcua_lists
}
