# METADATA
# title: A signature's hash does not suit its curve
# description: |
#   A self-signed certificate on P-384 is signed with SHA-384, one on P-521 with
#   SHA-512, one on P-256 with SHA-256; the policies of OPC UA name no other pair.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: warn
#   message: "the certificate {subject} on {curve} is signed with {signature_hash}, where {wanted} belongs"
#   remedy: "Issue the certificate again with {wanted}, and upload it: az keyvault secret set --vault-name {vault} --name {secret} {upload}"
#   symptom: BadCertificatePolicyCheckFailed.
#   sources: ["UA-.NETStandard, check of curve and hash", "OPC 10000-7, ECC policies"]
package storewarden.rules.x_25

import data.storewarden.lib.roles
import data.storewarden.lib.upload

finding contains {
	"code": "X-25", "entry": c.entry, "certificate": c.id,
	"args": {"curve": c.key_curve, "wanted": wanted[c.key_curve], "upload": upload.options[c.entry]},
} if {
	some c in input.certificates
	c.key_curve != ""
	wanted[c.key_curve] != c.signature_hash
	not c.signature_hash in {"", "SHA1"} # not known, or X-23's
	c.self_issued
	c.role in roles.opcua
}

wanted := {
	"P-256": "SHA256", "P-384": "SHA384", "P-521": "SHA512",
	"brainpoolP256r1": "SHA256", "brainpoolP384r1": "SHA384",
}
