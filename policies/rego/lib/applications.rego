# METADATA
# description: Which certificates programs identify themselves with.
package storewarden.lib.applications

# stores hold them: the servers' in the trust list, the connector's in its own.
stores := {"opcua-trust", "opcua-client"}
