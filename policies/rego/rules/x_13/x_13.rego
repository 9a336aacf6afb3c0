# METADATA
# title: A CA in a list has no CRL beside it
# description: |
#   The connector looks for the revocation list of a CA only in the list where it
#   found the CA. Without one it cannot tell a revoked certificate from a good
#   one; whether that breaks the connection is the connector's setting
#   rejectUnknownRevocationStatus, and this rule denies where that is on. A CRL
#   that is there but wrong is told by the rule about it, and while a part of the
#   list is unseen nothing is said: the CRL may be that part.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: warn
#   message: "the {store} has no CRL for the CA {subject}, so a revoked certificate of it is still accepted"
#   remedy: "Add the CA's CRL under {stem}.crl: openssl crl -in ca.crl.pem -outform DER -out {stem}.crl; az keyvault secret set --vault-name {vault} --name {stem}-crl --file ./{stem}.crl --encoding hex --content-type application/pkix-crl; then list {stem}-crl with objectEncoding: hex and map it to {stem}.crl"
#   symptom: BadCertificateRevocationUnknown, or BadCertificateIssuerRevocationUnknown for a CA, where rejectUnknownRevocationStatus is true; else revocation is not checked.
#   sources: ["Misconfigurations of connector stores, X-13", "OPC 10000-12 7.8.2.8, TrustedCrls and IssuerCrls", "Industrial-IoT issue 1771"]
#   variants:
#     rejected:
#       message: "the {store} has no CRL for the CA {subject}, and the connector rejects every certificate of it whose revocation is unknown"
package storewarden.rules.x_13

import data.storewarden.lib.revocation
import data.storewarden.lib.roles

finding contains object.union({"code": "X-13", "entry": c.entry, "certificate": c.id}, wording) if {
	some c in input.certificates
	not c.covered
	not c.end_entity
	c.role in roles.opcua_lists
	not accompanied[c.entry]
	not partly_seen
}

default wording := {}

wording := object.union(revocation.severity, {"variant": "rejected"}) if revocation.severity != {}

# accompanied are entries with a key for a CRL beside them, whatever it holds.
accompanied[e.id] if {
	some crl in input.entries
	lower(crl.ext) == ".crl"
	some e in input.entries
	e.stem == crl.stem
}

partly_seen if {
	some e in input.entries
	e.state != "decoded"
}
