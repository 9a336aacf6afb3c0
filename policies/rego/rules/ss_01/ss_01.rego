# METADATA
# title: The SecretSync refers to a SecretProviderClass that is not there
# description: |
#   The class must be in the namespace of the SecretSync. One that lives where
#   Storewarden does not look is named in references.external.
# custom:
#   subjects: [SecretSync]
#   severity: deny
#   message: "SecretProviderClass {class} is not in namespace {namespace}"
#   remedy: "Correct spec.secretProviderClassName (kubectl -n {namespace} get secretproviderclass lists what is there), or apply SecretProviderClass {class} in namespace {namespace}; if it lives elsewhere, add SecretProviderClass/{class} to references.external in Storewarden's configuration"
#   symptom: The SecretSync reports SecretProviderClassMisconfigured or ControllerSpcError, the Secret is never written, and connections fail with BadCertificateUntrusted.
#   basis: peer
#   sources: ["secrets-store-sync-controller v0.0.4, reasons of a SecretSync", "secret store extension, reasons of a SecretSync"]
package storewarden.rules.ss_01

finding contains {"code": "SS-01", "field": "spec.secretProviderClassName", "args": {"class": input.sync.provider_class}} if {
	not input.sync.found
	not input.sync.unseen
	not external
}

external if {
	some pattern in data.config.external
	glob.match(pattern, null, concat("/", ["SecretProviderClass", input.sync.provider_class]))
}
