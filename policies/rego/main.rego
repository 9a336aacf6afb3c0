# METADATA
# title: Storewarden's policies
# description: |
#   Every rule below this package reads the same document, and is checked
#   against its schema: a misspelt field is a compile error.
# scope: subpackages
# schemas:
# - input: schema.input
# - data.config: schema.config
package storewarden

# finding is the union of all rules, found by walking the folder of rules: to
# add a rule touches no other file. It is the reference that the engine's merged
# sets are compared with.
finding contains f if {
	some f in data.storewarden.rules[_].finding
}
