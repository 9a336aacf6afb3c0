# METADATA
# title: A sourcePath names a part of a certificate
# description: |
#   The documentation of the secret store extension has sourcePath NAME/tls.crt
#   and NAME/tls.key for a certificate of the vault; the definition of a
#   SecretSync upstream refuses the slash. Which one a cluster has depends on its
#   version.
# custom:
#   subjects: [SecretSync]
#   severity: warn
#   message: "sourcePath {source} names a part of {base}, which only some versions of the secret store extension offer"
#   remedy: "Store the part as a secret of its own in PEM and map that: az keyvault secret set --vault-name {vault} --name {base}-crt --file ./tls.crt --encoding utf-8 --content-type application/x-pem-file; then list {base}-crt in SecretProviderClass {spc} and set sourcePath: {base}-crt"
#   symptom: The API server refuses the SecretSync, or the file is not found and the key is missing from the Secret; connections fail with BadCertificateUntrusted.
#   sources: ["Azure documentation, secret store extension reference, sourcePath", "SecretSync CRD v1alpha1, pattern of sourcePath"]
package storewarden.rules.ss_36

import data.storewarden.lib.names

finding contains {"code": "SS-36", "entry": e.id, "field": concat(".", [e.field, "sourcePath"]), "args": {"base": base}} if {
	some e in input.entries
	base := names.part_of(e.source_path)
	offered(e.near, e.state)
}

# offered: of a class that is there and has no such object, SS-02 says so.
offered("part", _)

offered(_, "unseen")
