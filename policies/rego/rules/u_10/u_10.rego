# METADATA
# title: The cluster's service account may not act as the identity
# description: |
#   The identity needs a federated credential for the cluster's OIDC issuer and the
#   subject system:serviceaccount:NAMESPACE:ACCOUNT; it has room for twenty.
#   Storewarden asked with a token of that account (vault.identity is
#   serviceaccount), so the sync controller gets the same answer.
# custom:
#   subjects: [SecretProviderClass, SecretSync]
#   severity: warn
#   message: "no federated credential lets the service account act as identity {client}: {detail}"
#   remedy: "Make it: az iot ops secretsync enable without --skip-ra does; to see those that exist: az identity federated-credential list --identity-name IDENTITY -g RESOURCE-GROUP -o table"
#   symptom: The SecretSync reports AADSTS70021 or another of AADSTS7002xx; nothing is fetched.
#   sources: ["Misconfigurations of connector stores, U-10", "Azure IoT Operations documentation, deploy with secure settings"]
package storewarden.rules.u_10

import data.storewarden.lib.cause

fields := {
	"SecretProviderClass": "spec.parameters.clientID",
	"SecretSync": "spec.secretProviderClassName",
}

finding contains {"code": "U-10", "field": fields[input.subject.kind], "args": cause.args(u)} if {
	some u in input.unverified
	cause.of(u) == "U-10"
}
