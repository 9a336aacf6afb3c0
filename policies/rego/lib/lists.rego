# METADATA
# description: What the connector for OPC UA makes of the keys of its lists.
package storewarden.lib.lists

import data.storewarden.lib.names

# unread are the entries whose key the connector passes over, with the words for
# it. A key that is illegal and has no extension may have one once it is legal.
unread[e.id] := {"extension": extension(e.ext), "renamed": renamed(e.stem, e.content.kind, e.content.format)} if {
	some e in input.entries
	not lower(e.ext) in {".der", ".crt", ".crl"}
	judged(e.key, e.ext)
}

judged(_, ext) if regex.match(`^[.][0-9A-Za-z]*$`, ext)

judged(key, "") if names.legal_path(key)

extension("") := "no extension"

extension(ext) := ext if ext != ""

renamed(stem, kind, format) := concat("", [stem, right[kind][format]])

renamed(stem, kind, format) := sprintf("%s.der for a DER certificate, %s.crt for a PEM certificate or %s.crl for a DER CRL", [stem, stem, stem]) if {
	not right[kind][format]
}

right := {
	"certificate": {"der": ".der", "pem": ".crt"},
	"crl": {"der": ".crl"},
}

# declare is what must follow an upload as hex where the object does not declare
# an encoding yet.
declare[e.id] := "" if {
	some e in input.entries
	lower(e.object.encoding) in {"hex", "base64"}
}

declare[e.id] := "; then add the line objectEncoding: hex to the object in the SecretProviderClass" if {
	some e in input.entries
	not lower(e.object.encoding) in {"hex", "base64"}
}
