# METADATA
# title: The source path is the name of a file
# description: |
#   sourcePath names the object in the SecretProviderClass (my-server-der) and
#   targetKey the file (my-server.der); the two are easily swapped.
# custom:
#   subjects: [SecretSync]
#   severity: deny
#   message: "sourcePath {source} is the name of a file; SecretProviderClass {spc} offers it as {suggestion}"
#   remedy: "Set sourcePath: {suggestion}; the file's name belongs in targetKey"
#   symptom: The sync reports "file matching sourcePath not found in the pod"; the key is missing from the Secret and connections fail with BadCertificateUntrusted.
#   basis: peer-entry
#   implies: [SS-02]
#   sources: ["secrets-store-sync-controller v0.0.4, building of the Secret's data", "az iot ops, certs.py, names of secrets"]
package storewarden.rules.ss_03

finding contains {"code": "SS-03", "entry": e.id, "field": concat(".", [e.field, "sourcePath"])} if {
	some e in input.entries
	e.near == "file-name"
	e.state == "unresolved"
}
