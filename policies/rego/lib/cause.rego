# METADATA
# description: |
#   Which rule tells why contents stayed unseen. What the SecretProviderClass's own
#   identity met is the operator's to mend; what Storewarden's own met says nothing
#   of theirs, and is told by KV-00 alone.
package storewarden.lib.cause

of(u) := "KV-24" if {
	u.as_class
	u.reason == "Forbidden"
}

of(u) := "KV-25" if {
	u.as_class
	u.reason == "Firewall"
}

# What throttles one throttles all. A limit of our own has no code.
of(u) := "KV-26" if {
	u.reason == "Throttled"
	u.code == "Throttled"
}

of(u) := "U-10" if {
	u.as_class
	startswith(u.code, "AADSTS7002")
}

of(u) := "SPC-08" if {
	input.subject.kind == "SecretProviderClass"
	u.as_class
	u.code == "AADSTS700016"
}

of(u) := "SPC-05" if {
	input.subject.kind == "SecretProviderClass"
	u.as_class
	u.code == "AADSTS90002"
}

# args are what the messages of such a rule need.
args(u) := {"keyvault": input.spc.vault.value, "client": input.spc.client.value, "tenant": input.spc.tenant.value, "detail": u.message}
