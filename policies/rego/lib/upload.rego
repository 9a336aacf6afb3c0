# METADATA
# description: |
#   How a file is uploaded so that the entry which names the secret reads it as
#   it is: a command that ignores the declared encoding would only trade one
#   finding for another.
package storewarden.lib.upload

import data.storewarden.lib.lists

# options holds what follows the names in "az keyvault secret set", by entry. It
# has a value for every entry, since a finding that uses it is lost otherwise.
options[e.id] := concat(" ", array.concat(["--file", file(e.key), "--encoding", encoding(e.object.name, e.object.encoding, e.ext)], type(e.key, e.ext))) if {
	some e in input.entries
}

file(key) := sprintf("./%s", [key]) if key != ""

file("") := "./FILE"

# encoding is hex where no entry of a SecretProviderClass is known, as the az CLI
# uploads every file.
encoding("", _, _) := "hex"

encoding(name, declared, _) := lower(declared) if {
	name != ""
	lower(declared) in {"hex", "base64"}
}

encoding(name, declared, ext) := as_text(ext) if {
	name != ""
	not lower(declared) in {"hex", "base64"}
}

# as_text is hex for what is binary by its extension: az refuses to read such a
# file as text.
as_text(ext) := "hex" if lower(ext) in binary

as_text(ext) := "utf-8" if not lower(ext) in binary

binary := {".der", ".crl"}

type("", _) := []

type(key, ext) := ["--content-type", object.get(types, lower(ext), "text/plain")] if key != ""

types := {
	".der": "application/pkix-cert",
	".crt": "application/x-pem-file",
	".pem": "application/x-pem-file",
	".crl": "application/pkix-crl",
}

# declare is what must follow where the entry would read the upload as text.
declare[e.id] := lists.declare[e.id] if {
	some e in input.entries
	lower(e.ext) in binary
}

declare[e.id] := "" if {
	some e in input.entries
	not lower(e.ext) in binary
}
