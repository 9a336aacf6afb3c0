# METADATA
# title: The content type of a vault secret contradicts its bytes
# description: |
#   The content type is a hint only: what is synced is the bytes, and this rule
#   speaks only where they suit the store (other rules judge bytes that do not).
#   But people and tools choose by the hint. In the trust and issuer lists a
#   known type that is wrong denies; the az CLI's own wrong labels (a client
#   certificate, a file with an extension in capitals) and types that say
#   nothing are warned of.
# custom:
#   subjects: [SecretProviderClass, SecretSync]
#   severity: deny
#   message: "vault secret {ref} holds {what}, but its content type is {content_type}"
#   remedy: "Correct the label: az keyvault secret set-attributes --vault-name {vault} --name {secret} --content-type {right}"
#   symptom: None by itself; whoever next picks the secret by its label puts it under the wrong key, and connections fail with BadCertificateUntrusted.
#   sources: ["Misconfigurations of connector stores, KV-09"]
#   variants:
#     mislabelled:
#       message: "vault secret {ref} holds {what}, but its content type is {content_type}; it works all the same"
#     vague:
#       message: "vault secret {ref} holds {what}, which its content type {content_type} does not say"
package storewarden.rules.kv_09

import data.storewarden.lib.roles

# right is the content type of what suits a key, by role, extension, kind and
# format.
right := {
	"opcua-trust": listed,
	"opcua-issuer": listed,
	"opcua-client": {
		".der": {"certificate": {"der": "application/pkix-cert"}},
		".pem": {"private-key": {"pem": "application/x-pem-file"}},
	},
	"tls-trust": {".crt": bundle, ".pem": bundle},
}

listed := {
	".der": {"certificate": {"der": "application/pkix-cert"}},
	".crt": {"certificate": {"pem": "application/x-pem-file"}},
	".crl": {"crl": {"der": "application/pkix-crl"}},
}

bundle := {
	"certificate": {"pem": "application/x-pem-file"},
	"certificate-bundle": {"pem": "application/x-pem-file"},
}

# known types claim that something definite is inside.
known := {"application/pkix-cert", "application/x-pem-file", "application/pkix-crl", "application/x-pkcs12"}

labels[e.id] := {"stated": stated, "right": fit} if {
	some e in input.entries
	e.vault.content_type != ""
	by_ext := right[e.role]
	fit := by_ext[lower(e.ext)][e.content.kind][e.content.format]
	fit != e.vault.content_type # or no more needs to be asked
	stated := trim_space(split(lower(e.vault.content_type), ";")[0])
	stated != fit
}

finding contains {"code": "KV-09", "entry": id, "args": {"right": label.right}} if {
	some id, label in labels
	label.stated in known
	not id in harmless
}

finding contains {"code": "KV-09", "entry": id, "severity": "warn", "variant": "mislabelled", "args": {"right": label.right}} if {
	some id, label in labels
	label.stated in known
	id in harmless
}

finding contains {"code": "KV-09", "entry": id, "severity": "warn", "variant": "vague", "args": {"right": label.right}} if {
	some id, label in labels
	not label.stated in known
}

# harmless are all labels outside the connector's lists.
harmless contains e.id if {
	some e in input.entries
	not e.role in roles.opcua_lists
}

# The az CLI takes the type of PEM for every extension that it does not know,
# which is any in capitals.
harmless contains e.id if {
	some e in input.entries
	e.ext != lower(e.ext)
	labels[e.id].stated == "application/x-pem-file"
}
