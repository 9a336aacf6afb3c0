# METADATA
# title: A camera endpoint is to log in with a certificate
# description: |
#   The connectors for ONVIF and for media log in with a user name and a password,
#   or not at all.
# custom:
#   subjects: [Device]
#   operations: [create, update, audit]
#   severity: deny
#   message: "endpoint {endpoint} of type {type} is to log in with a certificate, which its connector cannot do"
#   remedy: "Set authentication.method: UsernamePassword with usernamePasswordCredentials, or method: Anonymous"
#   symptom: The endpoint cannot be used; its status names the authentication method.
#   sources: ["Azure IoT Operations documentation, connectors for ONVIF and media: authentication"]
package storewarden.rules.u_05

import data.storewarden.lib.uses

finding contains {"code": "U-05", "field": concat("", [e.field, ".authentication.method"]), "args": {"endpoint": e.name, "type": e.type}} if {
	some e in input.endpoints
	e.method == "Certificate"
	e.type in uses.cameras
}
