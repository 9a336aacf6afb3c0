# METADATA
# description: How grave a revocation that cannot be checked is.
package storewarden.lib.revocation

# severity is put over a finding: the connector ignores an unknown revocation
# status unless it is told to reject it.
default severity := {}

severity := {"severity": "deny"} if data.config.reject_unknown_revocation_status
