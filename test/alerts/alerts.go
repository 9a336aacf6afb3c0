// Package alerts tests what operators look at: alerts, runbook and dashboard. It is a
// module of its own, since Prometheus's libraries are large and the product needs none of
// them.
package alerts
