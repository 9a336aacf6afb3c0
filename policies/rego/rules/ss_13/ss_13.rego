# METADATA
# title: A .crl key holds something that is not a DER CRL
# description: |
#   The connector reads CRLs in DER only, while OpenSSL writes PEM unless told
#   otherwise; one that it cannot read is skipped without a word.
# custom:
#   subjects: [SecretSync]
#   severity: deny
#   message: "key {key} must hold a CRL, but vault secret {ref} holds {what}"
#   remedy: "Map the certificate as {stem}.der (DER) or {stem}.crt (PEM) instead, and the CRL of that CA as {key}"
#   symptom: The CRL is skipped, so revoked certificates are still accepted, or connections fail with BadCertificateRevocationUnknown where an unknown status is rejected.
#   implies: [KV-09, X-04, X-05, X-13]
#   sources: ["UA-.NETStandard issue 1766 and Industrial-IoT issue 1886: the CRL is in PEM format", "UA-.NETStandard, DirectoryCertificateStore"]
#   variants:
#     pem:
#       message: "key {key} must hold a CRL in DER, but vault secret {ref} holds it in PEM, which the connector skips"
#       remedy: "Convert it and upload it again: openssl crl -in {key}.pem -inform PEM -outform DER -out {key}; az keyvault secret set --vault-name {vault} --name {secret} {upload}{declare}"
package storewarden.rules.ss_13

import data.storewarden.lib.lists
import data.storewarden.lib.roles
import data.storewarden.lib.upload

# Keys, PKCS#12 and what is no certificate at all have rules of their own.
finding contains {"code": "SS-13", "entry": e.id} if {
	some e in input.entries
	lower(e.ext) == ".crl"
	e.content.kind in {"certificate", "certificate-bundle"}
	e.role in roles.opcua_lists
}

finding contains {
	"code": "SS-13",
	"entry": e.id,
	"variant": "pem",
	"args": {"upload": upload.options[e.id], "declare": lists.declare[e.id]},
} if {
	some e in input.entries
	lower(e.ext) == ".crl"
	e.content.kind == "crl"
	e.content.format == "pem"
	e.role in roles.opcua_lists
}
