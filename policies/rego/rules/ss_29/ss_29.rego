# METADATA
# title: The update removes a trust anchor, or a key that is in use
# description: |
#   A certificate of the issuer list is trusted only through one in the trust
#   list: a CA above it, or a server's own certificate below it. The update takes
#   the last such certificate away; or it takes away a key that a Device or a
#   ConnectorTemplate names. A CRL that is left without its CA is SS-14.
# custom:
#   subjects: [SecretSync]
#   operations: [update]
#   severity: warn
#   message: "without {anchor} nothing in the trust list vouches for these certificates of the issuer list: {issuers}"
#   remedy: "Keep {anchor} in the trust list, or put another anchor there first: az iot ops connector opcua trust add --instance INSTANCE -g GROUP --certificate-file ./root.der; if nothing of theirs is to be trusted, remove them from the issuer list too"
#   symptom: After the next sync, servers whose certificates these CAs issued are refused with BadCertificateUntrusted.
#   basis: references
#   sources: ["OPC 10000-4 6.1.3, trusted and issuer certificates", "Azure IoT Operations documentation: the root CA belongs in the trust list first"]
#   variants:
#     named:
#       message: "the update takes away {key}, from which {user} takes its {use}"
#       remedy: "Keep {key}, or first have {user} name another key"
package storewarden.rules.ss_29

import data.storewarden.lib.words

finding contains {
	"code": "SS-29",
	"field": "spec.secretObject.data",
	"args": {"anchor": input.sync.anchor, "issuers": words.few(input.sync.anchored)},
} if {
	count(input.sync.anchored) > 0
}

finding contains {
	"code": "SS-29", "field": "spec.secretObject.data", "variant": "named", "severity": "deny",
	"args": {"user": concat(" ", [r.kind, r.name]), "use": r.use, "key": r.key},
} if {
	some r in input.referrers
	r.had
	not r.has
}
