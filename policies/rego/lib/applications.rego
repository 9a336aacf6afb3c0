# METADATA
# description: Which certificates programs identify themselves with.
package storewarden.lib.applications

# certificates are the servers' own in the trust list, and the connector's.
certificates contains c if {
	some c in input.certificates
	c.role in {"opcua-trust", "opcua-client"}
	own(c)
}

own(c) if not c.ca

own(c) if c.application
