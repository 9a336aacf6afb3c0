# METADATA
# title: The name of a camera endpoint has an underscore
# description: |
#   The connectors for ONVIF and for media pass over endpoints with an underscore
#   in their name.
# custom:
#   subjects: [Device]
#   operations: [create, update, audit]
#   severity: warn
#   message: "endpoint {endpoint} of type {type} has an underscore in its name, and its connector passes over it"
#   remedy: "Rename the endpoint to {renamed}, also in the assets that refer to it"
#   symptom: No asset of the endpoint sends anything, and no status says why (known issue 5712).
#   sources: ["Azure IoT Operations known issue 5712"]
package storewarden.rules.u_15

import data.storewarden.lib.uses

finding contains {"code": "U-15", "field": e.field, "args": {"endpoint": e.name, "type": e.type, "renamed": replace(e.name, "_", "-")}} if {
	some e in input.endpoints
	e.type in uses.cameras
	contains(e.name, "_")
}
