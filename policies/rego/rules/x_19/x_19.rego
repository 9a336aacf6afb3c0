# METADATA
# title: A CRL belongs to a certificate that is no CA
# description: |
#   A server's own certificate needs no CRL and no connector asks for one.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: info
#   message: "CRL {key} is of the self-signed certificate in {ca}, which needs none"
#   remedy: "Remove {key} from the {store}"
#   symptom: None; the CRL is never used.
#   sources: ["OPC 10000-4 6.1.3: revocation lists are those of CAs", "UA-.NETStandard, a self-signed certificate needs no CRL"]
package storewarden.rules.x_19

import data.storewarden.lib.applications

finding contains {"code": "X-19", "entry": l.entry, "crl": l.id} if {
	some l in input.crls
	l.issuer_matches
	some c in input.certificates
	c.end_entity
	c.role in applications.stores
	input.entries[c.entry].key == l.ca
}
