# METADATA
# title: The listed CA is another generation of the one that issued a certificate
# description: |
#   A CA that was given a new key keeps its name; what it issued before names the old
#   key. The list holds a CA of the right name and the wrong key.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: warn
#   message: "the certificate {subject} was issued by another generation of the CA {issuer} than the one in {listed}: key identifier or serial number differ"
#   remedy: "Add the generation of the CA that issued it beside the one that is there: az iot ops connector opcua issuer add --instance INSTANCE -g GROUP --certificate-file ./ca-old.der; or have the certificate issued again by the present one, and upload it: az keyvault secret set --vault-name {vault} --name {secret} {upload}"
#   symptom: BadCertificateChainIncomplete or BadCertificateInvalid, the issuer is not found.
#   basis: peer-entry
#   sources: ["UA-.NETStandard, search for the issuer: name, then key identifier and serial number", "RFC 5280 4.2.1.1"]
package storewarden.rules.x_11

import data.storewarden.lib.upload

finding contains {
	"code": "X-11", "entry": c.entry, "certificate": c.id,
	"args": {"listed": c.issuer_key, "upload": upload.options[c.entry]},
} if {
	some c in input.certificates
	c.issuer_state == "other-key"
}
