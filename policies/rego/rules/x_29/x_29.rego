# METADATA
# title: The server's certificate does not name the host of the endpoint
# description: |
#   No certificate of the trust list names the host that the endpoint's address
#   names, but one means the same machine: it has its name in another domain, or
#   as its application URI. Which certificate a server shows cannot be seen from
#   here; the stack compares it with the address.
# custom:
#   subjects: [Device]
#   operations: [create, update, audit]
#   severity: warn
#   message: "endpoint {endpoint} connects to {host}, but the certificate of that machine in the trust list, {subject} ({key}), names {names}"
#   remedy: "Use one of its names in the address, or have the server's certificate issued anew with {host} in its subject alternative name"
#   symptom: BadCertificateHostNameInvalid, unless the connector is told to pass over it.
#   sources: ["OPC 10000-4 table 100, host name", "OPC 10000-6 6.2.2, subject alternative name of servers"]
package storewarden.rules.x_29

import data.storewarden.lib.words

finding contains {
	"code": "X-29", "field": concat("", [e.field, ".address"]),
	"args": {"endpoint": e.name, "host": e.host, "subject": e.near, "key": e.near_key, "names": names(e)},
} if {
	some e in input.endpoints
	e.near != ""
	not e.named
}

names(e) := words.few(e.near_names) if count(e.near_names) > 0

names(e) := "no host" if count(e.near_names) == 0
