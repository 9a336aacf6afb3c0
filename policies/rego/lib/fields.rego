# METADATA
# description: The paths of fields that findings point at.
package storewarden.lib.fields

# object is the path of one field of an entry's object. Only a
# SecretProviderClass holds it; a SecretSync's finding stays on the mapping.
object(kind, entry, name) := concat(".", [entry, name]) if kind == "SecretProviderClass"

object(kind, entry, _) := entry if kind != "SecretProviderClass"
