package webhook

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/storewarden/storewarden/policies/verdict"
)

// Metrics counts what the webhook did. Labels are bounded: kinds, results, codes,
// severities and effects are closed lists.
type Metrics struct {
	duration     *prometheus.HistogramVec
	findings     *prometheus.CounterVec
	unclassified prometheus.Counter
}

// NewMetrics registers the webhook's metrics.
func NewMetrics(r prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "storewarden_admission_duration_seconds", Help: "Time to answer an AdmissionReview, by kind and result: allowed, held and mutated (200), denied (403), error (500), skipped (not guarded), malformed (no AdmissionReview).",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}, []string{"kind", "result"}),
		findings: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "storewarden_admission_findings_total", Help: "Findings at admission, by code, severity and effect: deny, hold, warn.",
		}, []string{"code", "severity", "effect"}),
		unclassified: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "storewarden_unclassified_actor_total", Help: "Changes by service accounts that no profile lists.",
		}),
	}
	for _, c := range []prometheus.Collector{m.duration, m.findings, m.unclassified} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *Metrics) observe(o outcome, d time.Duration) {
	kind := o.kind
	if kind == "" {
		kind = "other" // Prometheus takes an empty label for none
	}
	m.duration.WithLabelValues(kind, o.result).Observe(d.Seconds())
	for effect, findings := range map[string][]verdict.Finding{"deny": o.effect.Deny, "hold": o.effect.Hold, "warn": o.effect.Warn} {
		for _, f := range findings {
			m.findings.WithLabelValues(f.Code, string(f.Severity), effect).Inc()
		}
	}
	if o.actor == verdict.Unlisted {
		m.unclassified.Inc()
	}
}
