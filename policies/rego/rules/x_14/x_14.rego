# METADATA
# title: A CRL is in the other list than its CA
# description: |
#   The connector looks for a CRL only in the list in which it found the CA, under
#   the CA's own file name. The az CLI puts CRLs into the issuer list only; that of
#   a trusted CA is added to the trust list by hand or by GitOps.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: warn
#   message: "CRL {key} of {crl_issuer} stands in the {store}, but its CA is {ca}: it is never looked at"
#   remedy: "Put the CRL beside its CA, under the file name of the CA with .crl: map its secret to that key in the SecretSync of the other list, and remove {key} here"
#   symptom: As if there were no CRL; BadCertificateRevocationUnknown or BadCertificateIssuerRevocationUnknown where that is rejected, else a revoked certificate is accepted.
#   implies: [SS-14, X-15]
#   sources: ["Misconfigurations of connector stores, X-14", "UA-.NETStandard, IsRevoked: the store of the issuer", "OPC 10000-12 7.8.2.8, TrustedCrls and IssuerCrls"]
package storewarden.rules.x_14

import data.storewarden.lib.revocation

finding contains object.union(severity, {"code": "X-14", "entry": l.entry, "crl": l.id, "args": {"ca": l.ca_elsewhere}}) if {
	some l in input.crls
	l.ca_elsewhere != ""
}

# severity: what a SecretSync maps without its CA beside it, the az CLI refuses
# as well (SS-14).
severity := {"severity": "deny"} if input.subject.kind == "SecretSync"

severity := revocation.severity if input.subject.kind != "SecretSync"
