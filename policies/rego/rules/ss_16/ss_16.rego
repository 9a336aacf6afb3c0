# METADATA
# title: A CRL is mapped into the trust list
# description: |
#   That is right for a CA that the trust list itself holds: the connector looks
#   for a CRL in the list in which the CA is. But neither the az CLI nor the
#   operations experience can do it, and neither shows it.
# custom:
#   subjects: [SecretSync]
#   severity: info
#   message: "{key} is a CRL in the trust list, where it counts for the CA beside it; the az CLI and the operations experience do not show it"
#   remedy: "Leave it, and renew it when the CA issues the next one"
#   symptom: None; without it a revocation by this CA would be unknown (BadCertificateRevocationUnknown).
#   sources: ["Azure IoT Operations documentation, CRLs in the trust list", "UA-.NETStandard, lookup of a CRL in the store of its issuer"]
package storewarden.rules.ss_16

finding contains {"code": "SS-16", "entry": l.entry} if {
	some l in input.crls
	l.role == "opcua-trust"
	l.ca != "" # else SS-14 says what is missing
	l.issuer_matches # else X-15
	l.signature != "invalid" # else X-16
}
