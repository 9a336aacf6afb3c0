# METADATA
# title: The service account is not the one with access
# description: |
#   secretsync enable federates the identity of the instance with one service
#   account, aio-ssc-sa. Any other has access only if somebody gave it a federated
#   credential of its own, which cannot be seen from here; so this is said where
#   the class is the instance's, or where an ID was pasted.
# custom:
#   subjects: [SecretSync]
#   severity: warn
#   message: "serviceAccountName is {account}, but the identity of the instance is federated with aio-ssc-sa"
#   remedy: "Set spec.serviceAccountName: aio-ssc-sa; for another account, see that it has a federated credential: az identity federated-credential list --identity-name NAME -g GROUP --query [].subject -o tsv"
#   symptom: The sync reports AADSTS70021 or AADSTS700213 (no matching federated identity) and nothing is fetched; connections fail with BadCertificateTimeInvalid in the end.
#   sources: ["az iot ops secretsync enable: subject system:serviceaccount:NAMESPACE:aio-ssc-sa", "Microsoft Entra errors AADSTS70021, AADSTS700213"]
#   variants:
#     id:
#       message: "serviceAccountName is {account}, which looks like an ID and is to be the name of a service account"
#       remedy: "Set spec.serviceAccountName: aio-ssc-sa; the client ID of the identity belongs in clientID of the SecretProviderClass"
#     missing:
#       message: "serviceAccountName is missing, and the API server refuses a SecretSync without one"
#       remedy: "Set spec.serviceAccountName: aio-ssc-sa"
package storewarden.rules.ss_24

finding contains {"code": "SS-24", "field": "spec.serviceAccountName", "variant": variant, "args": {"account": input.sync.service_account}} if {
	not input.sync.service_account in {"", "aio-ssc-sa"}
	variant := variants[identified]
	concerned
}

finding contains {"code": "SS-24", "field": "spec.serviceAccountName", "variant": "missing", "severity": "deny"} if {
	input.sync.service_account == ""
	input.sync.provider_class != "" # it was read at all
}

variants := {true: "id", false: ""}

default identified := false

identified if regex.match(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`, input.sync.service_account)

concerned if identified

concerned if startswith(input.sync.provider_class, "spc-ops-")
