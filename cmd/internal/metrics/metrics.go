// Package metrics is the closed table of Storewarden's metrics: what dashboards and
// alerts may rest on. The real processes are scraped in a test and must serve these, and
// none beside. manifests/observability/METRICS.md is made from it.
package metrics

import (
	"fmt"
	"slices"
	"strings"
)

// Type is the type of a metric.
type Type string

// The types that are used.
const (
	Counter   Type = "counter"
	Gauge     Type = "gauge"
	Histogram Type = "histogram"
)

// Part is which process serves a metric.
type Part string

// The closed list of parts. Rounds is the one that makes rounds, sync by default, and
// there the replica that leads.
const (
	Webhook Part = "webhook"
	Sync    Part = "sync"
	Both    Part = "both"
	Rounds  Part = "rounds"
)

// Metric is one line of the table.
type Metric struct {
	Name   string
	Type   Type
	Labels []string // sorted
	Part   Part
	// When says what it takes to be there, "" for always.
	When string
	Help string
}

// Table lists all metrics, by name.
func Table() []Metric {
	const (
		policies = "policies is configured"
		vaults   = "a vault is configured and was asked"
		tokens   = "vault.kind is azure and a token was asked for"
		stores   = "there is a ConnectorStore"
		rounds   = "a round was made"
		held     = "there is a store Secret"
		objects  = "a round saw such an object"
	)
	all := []Metric{
		{"storewarden_admission_duration_seconds", Histogram, []string{"kind", "result"}, Webhook, "a change was reviewed", "Time to answer an AdmissionReview, by kind and result: allowed, held and mutated (200), denied (403), error (500), skipped (not guarded), malformed (no AdmissionReview)."},
		{"storewarden_admission_findings_total", Counter, []string{"code", "effect", "severity"}, Webhook, "a change had a finding", "Findings at admission, by code, severity and effect: deny, hold, warn."},
		{"storewarden_unclassified_actor_total", Counter, nil, Webhook, "", "Changes by service accounts that no profile lists."},
		{"storewarden_webhook_certificate_expiry_timestamp_seconds", Gauge, nil, Webhook, "", "When the serving certificate in use ends."},

		{"storewarden_build_info", Gauge, []string{"goversion", "revision", "version"}, Both, "", "1, by version, commit and Go version of the binary."},
		{"storewarden_ready", Gauge, []string{"part"}, Both, "", "1 while /readyz says ok, by part: webhook, sync."},
		{"storewarden_review_duration_seconds", Histogram, []string{"kind"}, Both, "an object was judged", "Time to judge one object, waiting for the vault included, by its kind."},
		{"storewarden_rules_duration_seconds", Histogram, nil, Both, "", "Time of the rules alone in a review."},

		{"storewarden_policy_files", Gauge, nil, Both, policies, "Files of the user's rules that are in force."},
		{"storewarden_policy_info", Gauge, []string{"revision"}, Both, policies, "1, by the revision of the user's rules that are in force: a digest of their files."},
		{"storewarden_policy_last_failure_timestamp_seconds", Gauge, nil, Both, policies, "When rules of the user last were broken, 0 for never."},
		{"storewarden_policy_last_good_timestamp_seconds", Gauge, nil, Both, policies, "When the user's rules that are in force were loaded."},
		{"storewarden_policy_last_reload_successful", Gauge, nil, Both, policies, "Whether the user's own rules are in force as they stand in their folders."},
		{"storewarden_policy_reload_total", Counter, []string{"result"}, Both, policies, "Changes of the user's own rules that were tried, by result."},

		{"storewarden_vault_answers_total", Counter, []string{"from"}, Both, vaults, "References answered: fresh and stale from memory, fetched by a call, refused as too many new ones in a request."},
		{"storewarden_vault_calls_total", Counter, []string{"operation", "outcome", "vault"}, Both, vaults, "Calls to a vault, by operation and outcome: ok, or the reason why not."},
		{"storewarden_vault_facts", Gauge, []string{"state", "vault"}, Both, vaults, "Secrets that are known, and those that ended in an error."},
		{"storewarden_vault_oldest_seen_timestamp_seconds", Gauge, []string{"vault"}, Both, vaults, "When the oldest of the facts was last known to be so."},
		{"storewarden_vault_pause_seconds", Gauge, []string{"vault"}, Both, vaults, "For how long a vault that throttles is still left alone."},
		{"storewarden_vault_rate_limit", Gauge, []string{"vault"}, Both, vaults, "Calls a second that are allowed at present."},
		{"storewarden_vault_token_acquired_timestamp_seconds", Gauge, []string{"identity"}, Both, tokens, "When the present token of an identity was got."},
		{"storewarden_vault_token_expiry_timestamp_seconds", Gauge, []string{"identity"}, Both, tokens, "When the present token of an identity ends."},
		{"storewarden_vault_tokens_total", Counter, []string{"identity", "outcome"}, Both, tokens, "Tokens asked for, those that were kept included, by identity (self, or the service account behind it) and outcome."},

		{"storewarden_sync_entries", Gauge, []string{"namespace", "state", "store"}, Sync, stores, "Entries of a ConnectorStore by state: Synced, Held, Missing, Foreign, Retained."},
		{"storewarden_sync_last_pass_timestamp_seconds", Gauge, []string{"namespace", "store"}, Sync, stores, "When the last pass over a ConnectorStore ended."},
		{"storewarden_sync_leading", Gauge, nil, Sync, "", "1 while this replica is the one that writes."},
		{"storewarden_sync_next_expiry_timestamp_seconds", Gauge, []string{"namespace", "store"}, Sync, "a ConnectorStore has an entry that ends", "When the first certificate or CRL of a ConnectorStore ends."},
		{"storewarden_sync_pass_seconds", Histogram, nil, Sync, "", "How long a pass took."},
		{"storewarden_sync_passes_total", Counter, []string{"namespace", "outcome", "store"}, Sync, stores, "Passes over a ConnectorStore, by the reason of its condition Ready."},
		{"storewarden_sync_writes_total", Counter, []string{"namespace", "store"}, Sync, "a store was written", "Writes of a ConnectorStore's Secret."},

		{"storewarden_findings", Gauge, []string{"code", "kind", "namespace", "severity"}, Rounds, "there is a finding", "Findings as things stand, by code and severity."},
		{"storewarden_objects", Gauge, []string{"kind", "namespace", "state"}, Rounds, objects, "Objects of the last round by state: judged, unread."},
		{"storewarden_policyreport_writes_total", Counter, []string{"result"}, Rounds, "", "PolicyReports by what became of them: written, removed, failed."},
		{"storewarden_policyreports_installed", Gauge, nil, Rounds, rounds, "1 where the cluster knows PolicyReports and they are written."},
		{"storewarden_round_duration_seconds", Histogram, nil, Rounds, "", "Time of a round over every store."},
		{"storewarden_round_last_timestamp_seconds", Gauge, nil, Rounds, rounds, "When the last round ended."},
		{"storewarden_store_entries", Gauge, []string{"namespace", "role", "store"}, Rounds, held, "Entries of a store."},
		{"storewarden_store_entries_unlisted", Gauge, []string{"namespace", "store"}, Rounds, held, "Ends of a store that are not told one by one, since there are over 500."},
		{"storewarden_store_entry_expiry_timestamp_seconds", Gauge, []string{"key", "kind", "namespace", "store"}, Rounds, held, "When the first certificate, or CRL, in an entry of a store ends."},
		{"storewarden_store_findings", Gauge, []string{"namespace", "severity", "store"}, Rounds, held, "Findings in a store by severity."},
		{"storewarden_store_held_entries", Gauge, []string{"namespace", "store"}, Rounds, held, "Entries of a store that the webhook holds back."},
	}
	slices.SortFunc(all, func(a, b Metric) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Markdown is the table for people.
func Markdown() string {
	var b strings.Builder
	b.WriteString(`<!-- Made by "go test ./cmd/internal/metrics -update". -->

# Metrics

Names, types and labels are kept; a label's values are of a closed list, or names from the
configuration, of stores, of namespaces and of their entries, at most 500 a store. No user
name and no value of a Secret is ever in one. Beside these both parts serve the metrics
` + "`go_*` and `process_*`" + ` of the Prometheus client.

Served by: **webhook** and **sync** each by its process, **both** by both, **rounds** by who
makes rounds (` + "`rounds.in`" + `): the replica of sync that leads, or every replica of the webhook.

| Metric | Type | Labels | Served by | There when | Meaning |
|---|---|---|---|---|---|
`)
	for _, m := range Table() {
		when := m.When
		if when == "" {
			when = "always"
		}
		labels := "-"
		if len(m.Labels) > 0 {
			labels = "`" + strings.Join(m.Labels, "`, `") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", m.Name, m.Type, labels, m.Part, when, m.Help)
	}
	return b.String()
}
