# METADATA
# title: Contents of the vault were not verified
# description: |
#   Some secrets could not be read, so nothing is known of what they hold. What
#   is unseen is said, not passed over: the structure was judged all the same,
#   and the Secret is judged once more when it is written, without the vault.
#   Set the severity to deny where nothing unverified may be admitted. Secrets
#   that do not exist, are disabled or deleted have rules of their own (KV-01,
#   KV-03, KV-04).
# custom:
#   subjects: [SecretProviderClass, SecretSync]
#   severity: {observe: info, standard: warn, strict: warn}
#   message: "the contents of {names} were not verified: {detail} ({reason})"
#   remedy: "See to it that Storewarden can read vault {keyvault}, and apply again; to judge one secret by hand: storewarden inspect vault:{keyvault}/{first}"
#   symptom: None by itself; a wrong secret shows only when a connection fails, for instance with BadCertificateUntrusted.
#   sources: ["Azure Key Vault documentation, REST API error codes"]
#   variants:
#     not-asked:
#       message: "the contents of {secrets} were not verified: no vault was given"
#       remedy: "Give the vault to verify them: --vault azure, or --vault dir:PATH for an exported one"
#     Forbidden:
#       remedy: "Grant the identity that reads the vault its role, and wait a few minutes: az role assignment create --assignee CLIENT-ID --role 'Key Vault Secrets User' --scope $(az keyvault show --name {keyvault} --query id -o tsv)"
#     Firewall:
#       remedy: "Let the vault's firewall admit this cluster: az keyvault network-rule add --name {keyvault} --ip-address ADDRESS, or use a private endpoint"
#     WrongTenant:
#       remedy: "Set tenantID to the tenant of the vault: az keyvault show --name {keyvault} --query properties.tenantId -o tsv"
#     TokenFailed:
#       remedy: "Check clientID, tenantID and the federated credential of the identity: az identity federated-credential list --identity-name NAME --resource-group RG -o table"
#     NameNotResolved:
#       remedy: "Check keyvaultName ({keyvault}): az keyvault show --name {keyvault}; if it is right, let DNS resolve the vault's host name from here"
#     TLS:
#       remedy: "Trust the CA behind the certificate that was shown here for vault {keyvault} (vault.caFile in Storewarden's configuration), or let the proxy pass the vault's own"
#     Throttled:
#       remedy: "Wait a minute and apply again; if it stays, lengthen the poll intervals of whatever else reads vault {keyvault}"
#     NotAllowed:
#       remedy: "Add {keyvault} to vault.allowed in Storewarden's configuration if this namespace may use it; if it is listed, apply again: the rest is read in the background"
#     ProviderClassAbsent:
#       remedy: "Apply SecretProviderClass {class} in namespace {namespace}, or correct secretProviderClassName"
#     ProviderClassUnseen:
#       remedy: "Let Storewarden read SecretProviderClasses in namespace {namespace}: kubectl auth can-i get secretproviderclasses -n {namespace} --as SERVICE-ACCOUNT"
#     ProviderClassMalformed:
#       remedy: "Correct SecretProviderClass {class}, whose own findings say where: storewarden audit --cluster -n {namespace}"
package storewarden.rules.kv_00

import data.storewarden.lib.cause
import data.storewarden.lib.words

# told lists reasons that have a rule of their own.
told := {"NotFound", "SoftDeleted", "Disabled"}

# class lists reasons that lie in the cluster and not in the vault.
class := {"ProviderClassAbsent", "ProviderClassUnseen", "ProviderClassMalformed"}

# remedied lists reasons with a remedy of their own; any other has the general one.
remedied := class | {"Forbidden", "Firewall", "WrongTenant", "TokenFailed", "NameNotResolved", "TLS", "Throttled", "NotAllowed"}

fields := {
	"SecretProviderClass": "spec.parameters.keyvaultName",
	"SecretSync": "spec.secretProviderClassName",
}

finding contains {
	"code": "KV-00", "field": "spec.parameters.keyvaultName", "variant": "not-asked", "severity": "info",
	"args": {"secrets": words.counted(unseen, "vault secret")},
} if {
	not input.vault_asked
	input.subject.kind == "SecretProviderClass"
	unseen := count([1 | some e in input.entries; e.state == "unseen"; e.vault.problem == ""])
	unseen > 0
}

finding contains object.union(
	{
		"code": "KV-00", "field": fields[input.subject.kind], "variant": variant(u.reason),
		"args": {
			"count": count(u.names), "names": words.few(u.names), "first": first(secrets),
			"reason": u.reason, "detail": u.message,
			"keyvault": input.spc.vault.value, "class": input.spc.name,
		},
	},
	severity(u),
) if {
	some u in input.unverified
	not u.reason in told
	shown(u.reason)
	secrets := [e.vault.secret | some e in input.entries; e.vault.problem == u.reason]
}

# shown drops what follows from having given no vault, which is said once.
shown(_) if input.vault_asked

shown(reason) if reason in class

variant(reason) := reason if reason in remedied

variant(reason) := "" if not reason in remedied

# severity is mild where the cause is told elsewhere: by the SecretProviderClass, or
# by a rule of its own.
severity(u) := {"severity": "info"} if told_elsewhere(u)

severity(u) := {} if not told_elsewhere(u)

told_elsewhere(u) if u.reason in {"ProviderClassAbsent", "ProviderClassMalformed"}

told_elsewhere(u) if cause.of(u) in {"KV-24", "KV-25", "U-10", "SPC-05", "SPC-08"}

default first(_) := "SECRET"

first(names) := names[0]
