# METADATA
# title: The vault is not the one of the instance
# description: |
#   An instance of Azure IoT Operations has one vault, to which its identity has
#   access; the class spc-ops-… that secretsync enable makes says which. A second
#   vault is documented as unsupported. A class that no SecretSync uses is left
#   alone.
# custom:
#   subjects: [SecretProviderClass]
#   severity: deny
#   message: "keyvaultName is {own}, but the vault of the instance is {other} (SecretProviderClass {instance})"
#   remedy: "Upload the secrets to {other} and set spec.parameters.keyvaultName: {other}; if the whole instance moves to {own}, change SecretProviderClass {instance} first"
#   symptom: The vault answers 403 or 404 and nothing of this class is synced; connections fail with BadCertificateUntrusted.
#   basis: peer-entry
#   sources: ["Azure IoT Operations documentation, manage secrets: multiple key vaults are not supported"]
package storewarden.rules.spc_38

import data.storewarden.lib.azure

finding contains {
	"code": "SPC-38",
	"field": input.spc.vault.field,
	"args": {"own": input.spc.vault.value, "other": input.spc.instance_vault, "instance": input.spc.instance},
} if {
	input.spc.instance_vault != ""
	lower(input.spc.vault.value) != lower(input.spc.instance_vault)
	input.spc.vault.value != "" # else SPC-03 says it
	not contains(input.spc.vault.value, ".") # an address is SPC-04's
	count(input.spc.used_by) > 0
	azure.meant
}
