# METADATA
# title: The SecretProviderClass offers nothing under the source path
# description: |
#   A mapping takes an object by the path under which the SecretProviderClass
#   offers it: the object's alias if it has one, else its name.
# custom:
#   subjects: [SecretSync]
#   severity: deny
#   message: "SecretProviderClass {spc} offers nothing as {source}, which is to become {key}"
#   remedy: "Set sourcePath to the name (or alias) of an object of SecretProviderClass {spc}, or add the object there: objectName: {source}, objectType: secret, objectEncoding: hex; kubectl -n {namespace} get secretproviderclass {spc} -o yaml shows its objects"
#   symptom: The sync reports "file matching sourcePath not found in the pod"; the key is missing from the Secret and connections fail with BadCertificateUntrusted.
#   basis: peer-entry
#   sources: ["secrets-store-sync-controller v0.0.4, building of the Secret's data"]
#   variants:
#     like:
#       message: "SecretProviderClass {spc} offers no {source}; it offers {suggestion}"
#       remedy: "Set sourcePath: {suggestion}"
package storewarden.rules.ss_02

import data.storewarden.lib.names

finding contains {"code": "SS-02", "entry": e.id, "field": concat(".", [e.field, "sourcePath"]), "variant": variant} if {
	some e in input.entries
	e.state == "unresolved"
	addressed(e.source_path) # else SS-06 says it
	e.near != "part" # SS-36's
	variant := {true: "", false: "like"}[e.suggestion == ""]
}

addressed(path) if names.legal_path(path)

addressed(path) if names.part_of(path)
