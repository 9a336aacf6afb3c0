package main

import (
	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/sync/controller"
	"github.com/storewarden/storewarden/sync/plan"
)

// syncMetrics count passes.
type syncMetrics struct {
	passes  *prometheus.CounterVec
	writes  *prometheus.CounterVec
	entries *prometheus.GaugeVec
	last    *prometheus.GaugeVec
	expires *prometheus.GaugeVec
	took    prometheus.Histogram
	leading prometheus.Gauge
}

func newSyncMetrics(r prometheus.Registerer) (*syncMetrics, error) {
	store := []string{"namespace", "store"}
	m := &syncMetrics{
		passes: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "storewarden_sync_passes_total",
			Help: "Passes over a ConnectorStore, by the reason of its condition Ready."}, append(store, "outcome")),
		writes: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "storewarden_sync_writes_total", Help: "Writes of a ConnectorStore's Secret."}, store),
		entries: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "storewarden_sync_entries",
			Help: "Entries of a ConnectorStore by state: Synced, Held, Missing, Foreign, Retained."}, append(store, "state")),
		last: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "storewarden_sync_last_pass_timestamp_seconds", Help: "When the last pass over a ConnectorStore ended."}, store),
		expires: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "storewarden_sync_next_expiry_timestamp_seconds",
			Help: "When the first certificate or CRL of a ConnectorStore ends."}, store),
		took: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "storewarden_sync_pass_seconds", Help: "How long a pass took.",
			Buckets: prometheus.ExponentialBuckets(0.005, 2, 12)}),
		leading: prometheus.NewGauge(prometheus.GaugeOpts{Name: "storewarden_sync_leading", Help: "1 while this replica is the one that writes."}),
	}
	for _, c := range []prometheus.Collector{m.passes, m.writes, m.entries, m.last, m.expires, m.took, m.leading} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *syncMetrics) observe(p controller.Pass) {
	m.passes.WithLabelValues(p.Namespace, p.Name, p.Outcome).Inc()
	if p.Wrote {
		m.writes.WithLabelValues(p.Namespace, p.Name).Inc()
	}
	for _, s := range plan.States() {
		m.entries.WithLabelValues(p.Namespace, p.Name, string(s)).Set(float64(p.Entries[s]))
	}
	m.last.WithLabelValues(p.Namespace, p.Name).SetToCurrentTime()
	if p.NextExpiry.IsZero() {
		m.expires.DeleteLabelValues(p.Namespace, p.Name)
	} else {
		m.expires.WithLabelValues(p.Namespace, p.Name).Set(float64(p.NextExpiry.Unix()))
	}
	m.took.Observe(p.Took.Seconds())
}

// gone takes away what is said of a store that is not there any more: it does not lag.
func (m *syncMetrics) gone(key client.ObjectKey) {
	of := prometheus.Labels{"namespace": key.Namespace, "store": key.Name}
	for _, v := range []interface{ DeletePartialMatch(prometheus.Labels) int }{m.passes, m.writes, m.entries, m.last, m.expires} {
		v.DeletePartialMatch(of)
	}
}
