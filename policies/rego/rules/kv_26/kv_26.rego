# METADATA
# title: The vault is asked too often
# description: |
#   Every secret is read at every poll; many secrets and a short interval, or many
#   clusters at the same minute, exceed what a vault answers to all together.
# custom:
#   subjects: [SecretProviderClass, SecretSync]
#   severity: info
#   message: "vault {keyvault} answers more slowly than it is asked: {detail}"
#   remedy: "Lengthen rotationPollIntervalInSeconds of the secret store extension or set its jitterSeconds, or spread the secrets over several vaults"
#   symptom: The SecretSync reports 429, and contents arrive late.
#   sources: ["Misconfigurations of connector stores, KV-26", "Azure Key Vault documentation, service limits"]
package storewarden.rules.kv_26

import data.storewarden.lib.cause

fields := {
	"SecretProviderClass": "spec.parameters.keyvaultName",
	"SecretSync": "spec.secretProviderClassName",
}

finding contains {"code": "KV-26", "field": fields[input.subject.kind], "args": cause.args(u)} if {
	some u in input.unverified
	cause.of(u) == "KV-26"
}
