# METADATA
# title: The vault secret belongs to a Key Vault certificate resource
# description: |
#   Every certificate resource in Key Vault has a secret of the same name that
#   holds the certificate together with its private key. Used for a list, it
#   carries the private key into a Secret that every pod of the connector
#   mounts, and what arrives is no certificate file that the connector reads.
# custom:
#   subjects: [SecretProviderClass, SecretSync]
#   severity: deny
#   message: "vault secret {ref} backs a Key Vault certificate resource: it holds a certificate together with its private key"
#   remedy: "Export the public certificate and store it as a secret of its own: az keyvault certificate download --vault-name {vault} --name {secret} --encoding DER --file ./{secret}.der; az keyvault secret set --vault-name {vault} --name {secret}-der --file ./{secret}.der --encoding hex --content-type application/pkix-cert; then use objectName {secret}-der with objectEncoding: hex, and list it under {stem}.der"
#   symptom: The private key lands in the list; the connector finds no certificate there and connections fail with BadCertificateUntrusted.
#   implies: [KV-09, KV-11, KV-13, KV-14, KV-17, KV-18, KV-19, KV-20, KV-21, SPC-20, SPC-21, SPC-22, SPC-23, SPC-24, SPC-28, SS-11, SS-12, SS-13, SS-17, X-01, X-02, X-03, X-04, X-05, X-13, X-15, X-16, X-17, X-18, X-21, X-23]
#   sources: ["az iot ops connector opcua: certs.py", "AIO documentation, add as a secret and not as a certificate resource"]
package storewarden.rules.kv_12

import data.storewarden.lib.roles

finding contains {"code": "KV-12", "entry": e.id} if {
	some e in input.entries
	e.vault.certificate_resource
	unusable(e.role, lower(e.object.encoding))
}

# As the credential of a device the provider's conversion to PEM is wanted, but
# no store can use it under an encoding: the value of such a secret has none.
unusable(role, _) if role in roles.lists

unusable(role, encoding) if {
	not role in roles.lists
	encoding in {"hex", "base64"}
}
