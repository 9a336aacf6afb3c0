# METADATA
# title: A CRL has no certificate of the same name beside it
# description: |
#   A CRL belongs to a CA of the same list, and the two are paired by name:
#   my-ca.der and my-ca.crl.
# custom:
#   subjects: [SecretSync]
#   severity: deny
#   message: "{key} has no {stem}.der or {stem}.crt beside it in the {store}"
#   remedy: "Add the CA's certificate under the same name (az iot ops connector opcua {command} add --instance INSTANCE -g GROUP --certificate-file {stem}.der), or name the CRL after the CA that is there"
#   symptom: The az CLI refuses such a CRL (cannot add .crl without corresponding .crt or .der file); without its CA in the same list it counts for nothing, and revoked certificates are still accepted.
#   sources: ["az iot ops, certs.py, issuer add"]
package storewarden.rules.ss_14

finding contains {
	"code": "SS-14",
	"entry": e.id,
	"field": concat(".", [e.field, "targetKey"]),
	"args": {"command": {"opcua-trust": "trust", "opcua-issuer": "issuer"}[input.store.role]},
} if {
	input.store.role in {"opcua-trust", "opcua-issuer"}
	some e in input.entries
	lower(e.ext) == ".crl"
	not e.stem in others
}

# others includes certificates under an extension that is refused already.
others contains e.stem if {
	some e in input.entries
	lower(e.ext) != ".crl"
}
