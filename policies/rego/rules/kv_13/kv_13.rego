# METADATA
# title: PKCS#12 where a certificate belongs
# description: |
#   A PKCS#12 file (.pfx, .p12) holds a certificate together with its private
#   key. The connector for OPC UA reads neither lists nor its own certificate
#   from one here.
# custom:
#   subjects: [SecretProviderClass, SecretSync, Secret]
#   severity: deny
#   message: "key {key} holds a PKCS#12 file, where a list takes one certificate"
#   remedy: "Take the certificate out of it: openssl pkcs12 -in FILE.pfx -clcerts -nokeys | openssl x509 -outform DER -out {stem}.der; then upload that, under the key {stem}.der: az keyvault secret set --vault-name {vault} --name {secret} --file ./{stem}.der --encoding hex --content-type application/pkix-cert"
#   symptom: The file cannot be parsed, and connections fail with BadCertificateUntrusted; a private key may lie in a list that many pods read.
#   implies: [KV-09, KV-11, KV-18, KV-21, SEC-07, SPC-28, SS-11, SS-12, SS-13, SS-17, X-01, X-02, X-03, X-04, X-05, X-13, X-18, X-21, X-23]
#   sources: ["Misconfigurations of connector stores, KV-13"]
#   variants:
#     client:
#       message: "key {key} holds a PKCS#12 file, where the client store takes a certificate in DER and a private key in PEM"
#       remedy: "Take both out of it: openssl pkcs12 -in FILE.pfx -clcerts -nokeys | openssl x509 -outform DER -out {stem}.der; openssl pkcs12 -in FILE.pfx -nocerts -nodes -out {stem}.pem; then upload each: az iot ops connector opcua client add --public-key-file {stem}.der --private-key-file {stem}.pem"
package storewarden.rules.kv_13

import data.storewarden.lib.roles

finding contains {"code": "KV-13", "entry": e.id} if {
	some e in input.entries
	e.content.kind == "pkcs12"
	e.role in roles.lists
}

finding contains {"code": "KV-13", "entry": e.id, "variant": "client"} if {
	some e in input.entries
	e.content.kind == "pkcs12"
	e.role == "opcua-client"
}
