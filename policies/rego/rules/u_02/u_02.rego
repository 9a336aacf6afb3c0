# METADATA
# title: A Secret is named in the wrong form
# description: |
#   A trust list is a whole Secret and is named by its name; a credential is one
#   key of a Secret and is named SECRET/KEY.
# custom:
#   subjects: [Device, ConnectorTemplate]
#   operations: [create, update, audit]
#   severity: deny
#   message: "the {use} is one key of a Secret and must be written SECRET/KEY, not {text}"
#   remedy: "Write {written}"
#   symptom: The connector finds no credential, and the endpoint reports an authentication error; over OPC UA it is BadIdentityTokenRejected or BadSecurityChecksFailed.
#   sources: ["Azure IoT Operations documentation, shapes of Device and ConnectorTemplate"]
#   variants:
#     whole:
#       message: "a trust list is a whole Secret and must be written by its name alone, not {text}"
#       remedy: "Write {written}, and see that Secret {written} holds nothing but the certificates to trust"
package storewarden.rules.u_02

import data.storewarden.lib.uses

finding contains {"code": "U-02", "field": r.field, "variant": "whole", "args": {"text": r.text, "written": r.secret}} if {
	some r in input.references
	r.state == "malformed"
	r.use == "trust list"
}

finding contains {"code": "U-02", "field": r.field, "args": {"use": r.use, "text": r.text, "written": concat("/", [name(r), uses.key(r)])}} if {
	some r in input.references
	r.state == "malformed"
	r.use != "trust list"
}

name(r) := r.secret if r.secret != ""

name(r) := "SECRET" if r.secret == ""
