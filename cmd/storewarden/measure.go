package main

import (
	"context"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/policies/verdict"
)

// measures are what every part tells of itself.
type measures struct {
	reviews *prometheus.HistogramVec
	rules   prometheus.Histogram
}

// newMeasures registers them for a part, webhook or sync.
func newMeasures(r prometheus.Registerer, part string, ready func() error) (*measures, error) {
	buckets := []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	m := &measures{
		reviews: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "storewarden_review_duration_seconds",
			Help: "Time to judge one object, waiting for the vault included, by its kind.", Buckets: buckets}, []string{"kind"}),
		rules: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "storewarden_rules_duration_seconds",
			Help: "Time of the rules alone in a review.", Buckets: buckets}),
	}
	built := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "storewarden_build_info",
		Help: "1, by version, commit and Go version of the binary."}, []string{"version", "revision", "goversion"})
	built.WithLabelValues(version(), revision(), runtime.Version()).Set(1)
	can := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "storewarden_ready", Help: "1 while /readyz says ok, by part: webhook, sync.",
		ConstLabels: prometheus.Labels{"part": part}}, func() float64 {
		if ready() != nil {
			return 0
		}
		return 1
	})
	for _, c := range []prometheus.Collector{m.reviews, m.rules, built, can,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// revision is the commit of a build from a checkout.
func revision() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value
			}
		}
	}
	return "unknown"
}

// evaluating implements review.Options.Evaluating.
func (m *measures) evaluating() func() {
	begun := time.Now()
	return func() { m.rules.Observe(time.Since(begun).Seconds()) }
}

// judge is who judges, whatever the door.
type judge interface {
	Review(ctx context.Context, req review.Request) (verdict.Verdict, error)
}

// timed measures a judge.
type timed struct {
	judge
	*measures
}

// Review implements judge.
func (t timed) Review(ctx context.Context, req review.Request) (verdict.Verdict, error) {
	begun := time.Now()
	defer func() { t.reviews.WithLabelValues(req.Subject.ID.Kind).Observe(time.Since(begun).Seconds()) }()
	return t.judge.Review(ctx, req)
}
