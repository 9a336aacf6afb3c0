package main

import (
	"cmp"
	"slices"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/sync/rounds"
)

// maxEntries bounds the series of one store: those that end first are told one by one.
const maxEntries = 500

// roundMetrics tell at each scrape what the last round saw: what is gone is gone from
// them too.
type roundMetrics struct {
	last   atomic.Pointer[rounds.Round]
	took   prometheus.Histogram
	writes *prometheus.CounterVec
}

func newRoundMetrics(r prometheus.Registerer) (*roundMetrics, error) {
	m := &roundMetrics{
		took: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "storewarden_round_duration_seconds", Help: "Time of a round over every store.",
			Buckets: prometheus.ExponentialBuckets(0.01, 2, 14)}),
		writes: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "storewarden_policyreport_writes_total",
			Help: "PolicyReports by what became of them: written, removed, failed."}, []string{"result"}),
	}
	for _, result := range []string{"written", "removed", "failed"} {
		m.writes.WithLabelValues(result)
	}
	for _, c := range []prometheus.Collector{m, m.took, m.writes} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// observe implements rounds.Options.Observe.
func (m *roundMetrics) observe(r rounds.Round) {
	m.last.Store(&r)
	m.took.Observe(r.Took.Seconds())
	m.writes.WithLabelValues("written").Add(float64(r.Reports.Written))
	m.writes.WithLabelValues("removed").Add(float64(r.Reports.Removed))
	m.writes.WithLabelValues("failed").Add(float64(r.Reports.Failed))
}

// The label store is bounded: stores are known by their names, configured, or declared by
// a ConnectorStore.
var (
	roundLast      = prometheus.NewDesc("storewarden_round_last_timestamp_seconds", "When the last round ended.", nil, nil)
	roundInstalled = prometheus.NewDesc("storewarden_policyreports_installed", "1 where the cluster knows PolicyReports and they are written.", nil, nil)
	roundObjects   = prometheus.NewDesc("storewarden_objects", "Objects of the last round by state: judged, unread.", []string{"namespace", "kind", "state"}, nil)
	roundFindings  = prometheus.NewDesc("storewarden_findings", "Findings as things stand, by code and severity.", []string{"namespace", "kind", "code", "severity"}, nil)
	storeEntries   = prometheus.NewDesc("storewarden_store_entries", "Entries of a store.", []string{"namespace", "store", "role"}, nil)
	storeFindings  = prometheus.NewDesc("storewarden_store_findings", "Findings in a store by severity.", []string{"namespace", "store", "severity"}, nil)
	storeHeld      = prometheus.NewDesc("storewarden_store_held_entries", "Entries of a store that the webhook holds back.", []string{"namespace", "store"}, nil)
	storeUnlisted  = prometheus.NewDesc("storewarden_store_entries_unlisted", "Ends of a store that are not told one by one, since there are over 500.", []string{"namespace", "store"}, nil)
	storeExpiry    = prometheus.NewDesc("storewarden_store_entry_expiry_timestamp_seconds",
		"When the first certificate, or CRL, in an entry of a store ends.", []string{"namespace", "store", "key", "kind"}, nil)
)

// Describe implements prometheus.Collector.
func (*roundMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{roundLast, roundInstalled, roundObjects, roundFindings, storeEntries, storeFindings, storeHeld, storeUnlisted, storeExpiry} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (m *roundMetrics) Collect(ch chan<- prometheus.Metric) {
	round := m.last.Load()
	if round == nil {
		return
	}
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	gauge(roundLast, float64(round.Ended.Unix()))
	installed := 0.0
	if round.Reports.Installed {
		installed = 1
	}
	gauge(roundInstalled, installed)
	objects, findings := map[[3]string]int{}, map[[4]string]int{}
	for _, u := range round.Unread {
		objects[[3]string{u.Namespace, u.Kind, "unread"}]++
	}
	for _, s := range round.Seen {
		objects[[3]string{s.Object.ID.Namespace, s.Object.ID.Kind, "judged"}]++
		for _, f := range s.Verdict.Findings {
			findings[[4]string{s.Object.ID.Namespace, s.Object.ID.Kind, f.Code, string(f.Severity)}]++
		}
		if s.Object.ID.Kind == store.KindSecret {
			ofStore(s, gauge)
		}
	}
	for l, n := range objects {
		gauge(roundObjects, float64(n), l[:]...)
	}
	for l, n := range findings {
		gauge(roundFindings, float64(n), l[:]...)
	}
}

// ofStore tells of one store.
func ofStore(s rounds.Seen, gauge func(d *prometheus.Desc, value float64, labels ...string)) {
	id := s.Object.ID
	gauge(storeEntries, float64(s.Verdict.Entries), id.Namespace, id.Name, s.Verdict.Role)
	gauge(storeHeld, float64(len(s.Object.Held)), id.Namespace, id.Name)
	for _, severity := range verdict.Severities() {
		n := 0
		for _, f := range s.Verdict.Findings {
			if f.Severity == severity {
				n++
			}
		}
		gauge(storeFindings, float64(n), id.Namespace, id.Name, string(severity))
	}
	ends := firstEnds(s.Verdict.Ends)
	told := min(len(ends), maxEntries)
	for _, e := range ends[:told] {
		gauge(storeExpiry, float64(e.Time.Unix()), id.Namespace, id.Name, e.Entry, e.Kind)
	}
	gauge(storeUnlisted, float64(len(ends)-told), id.Namespace, id.Name)
}

// firstEnds are the first of each entry and kind, the earliest of all first.
func firstEnds(all []verdict.End) []verdict.End {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b verdict.End) int { return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Entry, b.Entry)) })
	seen := map[[2]string]bool{}
	return slices.DeleteFunc(all, func(e verdict.End) bool {
		of := [2]string{e.Entry, e.Kind}
		was := seen[of]
		seen[of] = true
		return was
	})
}
