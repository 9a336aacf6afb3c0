// Package policies embeds the rules (rego/) and the schemas of what they read
// (schema/). The engine compiles them; nothing else lives in this folder's root.
package policies

import "embed"

// Files holds rego/ and schema/.
//
//go:embed rego schema
var Files embed.FS
