# METADATA
# title: A vault secret is no certificate
# description: |
#   A list takes certificates and, in the lists of the connector for OPC UA, CRLs
#   under keys that end in .crl. The secret holds something else: most often the
#   wrong one was picked. PKCS#12, private keys and several certificates in one
#   secret have rules of their own.
# custom:
#   subjects: [SecretProviderClass, SecretSync]
#   severity: deny
#   message: "vault secret {ref} holds {what}, not what belongs under key {key}"
#   remedy: "Use the secret that holds the file, or upload it: az keyvault secret set --vault-name {vault} --name {secret} {upload}{declare}"
#   symptom: Selecting a secret that is not the right certificate makes connections fail with BadCertificateUntrusted, or BadCertificateChainIncomplete for a CA.
#   implies: [KV-09, KV-11, KV-21, SEC-07, SS-11, SS-12, SS-13, X-01, X-02, X-03, X-04, X-05, X-13, X-15, X-16, X-17, X-18, X-21, X-23]
#   covers: [KV-16, U-06]
#   sources: ["Misconfigurations of connector stores, KV-16, KV-18", "AIO documentation, manage certificates for OPC UA"]
#   variants:
#     empty:
#       message: "vault secret {ref} is empty"
#     csr:
#       message: "vault secret {ref} holds a certificate request, which no CA has signed yet"
#       remedy: "Let a CA sign the request, and upload the certificate that it returns: az keyvault secret set --vault-name {vault} --name {secret} {upload}{declare}"
#     pkcs7:
#       message: "vault secret {ref} holds PKCS#7 (.p7b), which the connector does not read"
#       remedy: "Take the certificates out of it: openssl pkcs7 -inform DER -in FILE.p7b -print_certs -out {stem}.pem (without -inform DER if it is PEM), write each as a file of its own in the form of its key, and upload it as a secret of its own: az keyvault secret set --vault-name {vault} --name {secret} {upload}{declare}"
#     public-key:
#       message: "vault secret {ref} holds a bare public key, without the certificate around it"
#     corrupted:
#       message: "vault secret {ref} holds bytes that were destroyed when a binary file was stored as text"
#       remedy: "Upload the original file with its encoding: az keyvault secret set --vault-name {vault} --name {secret} --file ./{key} --encoding hex --content-type {upload_type}; and set objectEncoding: hex in the entry"
#     crl:
#       message: "vault secret {ref} holds a CRL, but key {key} is one for a certificate"
#       remedy: "Map the CRL to {stem}.crl, beside the certificate of its CA under the same name; or upload the certificate: az keyvault secret set --vault-name {vault} --name {secret} {upload}{declare}"
#     crl-in-bundle:
#       message: "vault secret {ref} holds a CRL: the trust list of this connector takes certificates only"
#       remedy: "Remove {key} from this trust list; CRLs belong in the lists of the connector for OPC UA"
#     label:
#       message: "key {key} holds a certificate under a PEM label that OpenSSL reads, and so the connector, and hardly anything else"
#       remedy: "Write it under the usual label: openssl x509 -in FILE -out ./{key}; then upload it: az keyvault secret set --vault-name {vault} --name {secret} {upload}{declare}"
#     damaged:
#       message: "vault secret {ref} holds a certificate or CRL that is damaged: no parser reads it"
#       remedy: "See what is wrong: storewarden inspect vault:{vault}/{secret}; then upload the original file: az keyvault secret set --vault-name {vault} --name {secret} {upload}{declare}"
#     encoded:
#       message: "vault secret {ref} holds {what} that is {layers} of what should be there: it was encoded once too often"
#       remedy: "Upload the original file, and let az do the encoding: az keyvault secret set --vault-name {vault} --name {secret} {upload}{declare}"
#     utf-16:
#       message: "vault secret {ref} holds text in UTF-16, as PowerShell writes it: the connector finds no certificate in it"
#       remedy: "Convert the file: iconv -f UTF-16 -t UTF-8 FILE > ./{key}; then upload it: az keyvault secret set --vault-name {vault} --name {secret} {upload}{declare}"
#     html:
#       message: "vault secret {ref} holds a web page: most often the error or login page that came instead of the download"
#       remedy: "Download the file again and look at it: storewarden inspect ./{key}; then upload it: az keyvault secret set --vault-name {vault} --name {secret} {upload}{declare}"
#     json:
#       message: "vault secret {ref} holds JSON, not the certificate itself"
#       remedy: "Take the certificate out of it; of what az keyvault certificate show printed: jq -r .cer FILE | base64 -d > {stem}.der; then upload the file: az keyvault secret set --vault-name {vault} --name {secret} {upload}{declare}"
#     yaml:
#       message: "vault secret {ref} holds YAML, not the certificate itself"
#       remedy: "Take the certificate out of it; of a Secret: kubectl create --dry-run=client -f FILE -o json | jq -r '.data[\"{key}\"]' | base64 -d > ./{key}; then upload the file: az keyvault secret set --vault-name {vault} --name {secret} {upload}{declare}"
#     java-keystore:
#       message: "vault secret {ref} holds a Java key store, which only Java reads"
#       remedy: "Take the certificate out of it: keytool -exportcert -keystore FILE -alias ALIAS -file {stem}.der (with -rfc for PEM); then upload it: az keyvault secret set --vault-name {vault} --name {secret} {upload}{declare}"
#     loose-text:
#       message: "key {key} holds text beside the certificates of a trust list"
#       remedy: "Keep credentials in a SecretSync of their own: every key of a trust list becomes a file that the connector reads as a certificate"
package storewarden.rules.kv_18

import data.storewarden.lib.contents
import data.storewarden.lib.roles
import data.storewarden.lib.upload

finding contains object.union({"code": "KV-18", "entry": id, "args": {"upload": upload.options[id], "declare": upload.declare[id]}}, wording) if {
	some id, wording in wordings
}

wordings[e.id] := {"variant": variant(e.content)} if {
	some e in contents.unsuited
	e.role in roles.lists
	e.content.kind in (contents.foreign | {"empty"})
	not e.id in contents.loose_text
	not e.id in mapped_amiss
	not e.id in corrupted
}

wordings[id] := {"variant": "corrupted"} if {
	some id in corrupted
}

wordings[id] := {"variant": "loose-text", "severity": "warn"} if {
	some id in contents.loose_text
	not id in corrupted
}

wordings[e.id] := {"variant": "label", "severity": "warn"} if {
	some e in input.entries
	some "openssl-label" in e.content.problems
	e.content.certificates > 0
	e.role in roles.lists
}

wordings[id] := {"variant": "crl"} if {
	some id in misplaced
}

wordings[e.id] := {"variant": "crl-in-bundle"} if {
	some e in contents.unsuited
	e.role == "tls-trust"
	e.content.kind == "crl"
}

# mapped_amiss are credentials in a list of the connector for OPC UA: the secret
# is right, and SS-17 says on the mapping what is not.
mapped_amiss contains e.id if {
	some e in input.entries
	e.role in roles.opcua_lists
	e.id in contents.credentials
}

# variant is the first of what the content is instead, or that of its kind.
variant(content) := first if {
	found := [v | some [problem, v] in telling; problem in content.problems]
	first := found[0]
} else := "encoded" if {
	content.layers != ""
} else := worded[content.kind]

telling := [
	["utf-16", "utf-16"], ["html", "html"], ["json", "json"], ["yaml", "yaml"],
	["java-keystore", "java-keystore"], ["bad-certificate", "damaged"], ["bad-crl", "damaged"],
]

# worded is the variant of a kind, "" for the rule's own words.
worded := {"text": "", "unknown": "", "empty": "empty", "csr": "csr", "pkcs7": "pkcs7", "public-key": "public-key"}

corrupted contains e.id if {
	some e in contents.unsuited
	"replacement-chars" in e.content.problems
	e.content.kind in {"text", "unknown"}
	e.role in roles.lists
}

# misplaced are CRLs under a key for a certificate; one under any other key has
# an extension that is refused already.
misplaced contains e.id if {
	some e in contents.unsuited
	e.content.kind == "crl"
	lower(e.ext) in {".der", ".crt"}
	e.role in roles.opcua_lists
}
