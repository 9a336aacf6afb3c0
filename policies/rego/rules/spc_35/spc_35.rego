# METADATA
# title: The switches for an identity contradict each other
# description: |
#   usePodIdentity and useVMManagedIdentity are left from the days of the CSI
#   driver; the secret store extension takes the identity of clientID. Both at
#   once, or a value that is neither true nor false, makes the provider refuse the
#   class.
# custom:
#   subjects: [SecretProviderClass]
#   severity: deny
#   message: "{first} and {second} are both on, but only one identity can be used at a time"
#   remedy: "Remove the lines usePodIdentity and useVMManagedIdentity: the identity of clientID is used"
#   symptom: Every SecretSync that uses the class reports "only one identity mode can be enabled at a time"; no list is updated, and connections fail with BadCertificateTimeInvalid in the end.
#   sources: ["Azure Key Vault provider v1.8.2, identity modes", "Azure documentation, migrate to the secret store extension"]
#   variants:
#     text:
#       message: "{mode} is {value}, which is neither true nor false"
#       remedy: "Remove the line {mode}: the identity of clientID is used"
#       symptom: The provider reports strconv.ParseBool.
package storewarden.rules.spc_35

import data.storewarden.lib.azure

finding contains {
	"code": "SPC-35", "field": field(m.name), "variant": "text",
	"args": {"mode": m.name, "value": m.value},
} if {
	some m in input.spc.modes
	not m.legal
	azure.meant
}

finding contains {"code": "SPC-35", "field": field(on[1]), "args": {"first": on[0], "second": on[1]}} if {
	on := [m.name | some m in input.spc.modes; m.on]
	count(on) > 1
	azure.meant
}

field(name) := concat(".", ["spec.parameters", name])
