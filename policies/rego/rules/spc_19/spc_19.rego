# METADATA
# title: The type of an object is missing or unknown
# description: |
#   The provider takes exactly secret, cert and key, in lower case, and has no
#   default.
# custom:
#   subjects: [SecretProviderClass]
#   severity: deny
#   message: "objectType {type} is not known: it must be exactly secret, in lower case and singular"
#   remedy: "Set objectType: secret"
#   symptom: The provider reports "Invalid vaultObjectTypes. Should be secret, key, or cert" and the sync fails.
#   sources: ["Azure Key Vault provider v1.8.2, fetching of an object"]
#   variants:
#     missing:
#       message: "objectType is missing, and the provider has no default for it"
#       remedy: "Add the line objectType: secret to the object"
#       fix: {field: objectType, value: secret}
package storewarden.rules.spc_19

finding contains {"code": "SPC-19", "entry": e.id, "field": concat(".", [e.field, "objectType"])} if {
	some e in input.entries
	e.object.type != "secret"
	not e.object.type in {"", "cert", "key"}
	e.trouble == ""
}

finding contains {"code": "SPC-19", "entry": e.id, "field": concat(".", [e.field, "objectType"]), "variant": "missing"} if {
	some e in input.entries
	e.object.type == ""
	e.trouble == ""
	not e.id in empty
	every u in e.object.unknown { # SPC-15 says it
		u.suggestion != "objectType"
	}
}

# empty objects are SPC-17's.
empty contains e.id if {
	some e in input.entries
	e.object.name == ""
	count(e.object.unknown) == 0
}
