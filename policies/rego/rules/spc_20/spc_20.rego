# METADATA
# title: A store's object is fetched as a Key Vault certificate
# description: |
#   objectType cert asks for a certificate resource and gives its certificate as
#   PEM. The lists of the connector for OPC UA are kept as secrets: for one that
#   is only a secret the vault answers 404, and under a .der key PEM cannot be
#   read. Where a store takes PEM it may work, so there it is only warned of.
# custom:
#   subjects: [SecretProviderClass, SecretSync]
#   severity: deny
#   message: "objectType cert fetches {secret} as a certificate resource: entries of the connector's lists are fetched as secrets"
#   remedy: "In SecretProviderClass {spc} set objectType: secret for {secret}, with objectEncoding: hex; if only the certificate resource exists, store the public certificate as a secret first: az keyvault certificate download --vault-name {vault} --name {secret} --encoding DER --file {secret}.der; az keyvault secret set --vault-name {vault} --name {secret}-der --file {secret}.der --encoding hex --content-type application/pkix-cert; then use objectName {secret}-der"
#   symptom: The sync fails with SecretNotFound, or the list holds PEM under a .der key and connections fail with BadCertificateUntrusted.
#   implies: [SPC-26]
#   sources: ["Azure Key Vault provider v1.8.2, objectType cert", "Azure IoT Operations documentation, add as a secret and not as a certificate resource"]
#   variants:
#     pem:
#       message: "objectType cert fetches {secret} as a certificate resource, as PEM and without its intermediates; Azure IoT Operations documents objectType secret"
package storewarden.rules.spc_20

import data.storewarden.lib.fields
import data.storewarden.lib.roles

finding contains {"code": "SPC-20", "entry": e.id, "field": fields.object(input.subject.kind, e.field, "objectType")} if {
	some e in input.entries
	e.object.type == "cert"
	e.role in roles.opcua
}

finding contains {"code": "SPC-20", "entry": e.id, "field": fields.object(input.subject.kind, e.field, "objectType"), "severity": "warn", "variant": "pem"} if {
	some e in input.entries
	e.object.type == "cert"
	e.role in {"tls-trust", "device-credential"}
	e.object.encoding == "" # else SPC-26 denies it
}
