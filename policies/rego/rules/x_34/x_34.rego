# METADATA
# title: The test CA of Azure IoT Operations is in a list
# description: |
#   The quickstart deploys a CA for the inside of the instance that is marked as
#   not for production. No server outside of it should be trusted for its sake.
# custom:
#   subjects: [SecretSync, Secret]
#   severity: warn
#   message: "{key} holds the quickstart CA of Azure IoT Operations, which is not for production"
#   remedy: "Remove {key} from the {store}, and add the CA that issued the server's certificate"
#   symptom: None at first; whoever can use the quickstart CA is trusted, and what the CA of production issues is refused with BadCertificateUntrusted.
#   sources: ["Azure IoT Operations documentation, certificate management: quickstart CA"]
package storewarden.rules.x_34

import data.storewarden.lib.roles

finding contains {"code": "X-34", "entry": c.entry, "certificate": c.id} if {
	some c in input.certificates
	contains(c.subject, "CN=Azure IoT Operations Quickstart Root CA - Not for Production")
	c.role in roles.lists
}
