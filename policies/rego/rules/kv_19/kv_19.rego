# METADATA
# title: Several certificates in one file of a list
# description: |
#   The connector for OPC UA takes one certificate a file; of a chain in one PEM
#   file it reads the first at best. The az CLI refuses such files. A trust list
#   of another connector may hold several.
# custom:
#   subjects: [SecretProviderClass, SecretSync, Secret]
#   severity: deny
#   message: "key {key} holds {certificates} certificates: the connector for OPC UA takes one a file"
#   remedy: "Split it: csplit -z -f {stem}- -b %d.crt FILE '/-----BEGIN CERTIFICATE-----/' '{*}'; then add each under a key of its own, CAs to the issuer list: az iot ops connector opcua trust add --instance INSTANCE -g RESOURCE-GROUP --certificate-file {stem}-0.crt"
#   symptom: All but the first certificate are ignored; connections fail with BadCertificateUntrusted, or BadCertificateChainIncomplete for a missing CA.
#   implies: [KV-09, KV-11, KV-21, SEC-07, SS-11, SS-12, SS-13, X-04, X-05, X-13]
#   sources: ["Misconfigurations of connector stores, KV-19", "the az CLI says that multiple certificates were detected in the file"]
package storewarden.rules.kv_19

import data.storewarden.lib.roles

finding contains {"code": "KV-19", "entry": e.id, "args": {"certificates": e.content.certificates}} if {
	some e in input.entries
	e.content.kind == "certificate-bundle"
	e.content.trailing == 0 # several in DER are KV-21's: OpenSSL reads the first
	e.role in roles.opcua_lists
}
