package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/storewarden/storewarden/policies/custom"
	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/policies/verdict"
)

// liveOptions are what newLive needs.
type liveOptions struct {
	Dirs []string // of the user's rules
	// Build makes a reviewer of Storewarden's rules and the user's.
	Build    func(own []engine.File) (*review.Reviewer, error)
	Registry prometheus.Registerer
	Log      *slog.Logger
	// Event tells the cluster that a change is in force, or is broken.
	Event func(broken bool, text string)
	Now   func() time.Time
	// Settle and Every are the watcher's; 0 is its default.
	Settle, Every time.Duration
}

// live judges by the rules that are in force when a review begins, and ends that
// review by the same ones. A change of the user's rules that is broken is told
// in every way there is, and changes nothing else.
type live struct {
	opt     liveOptions
	current atomic.Pointer[review.Reviewer]
	watcher *custom.Watcher // nil where no folder is configured
	reloads *prometheus.CounterVec
	good    prometheus.Gauge
	since   prometheus.Gauge
	files   prometheus.Gauge
	failed  prometheus.Gauge
	info    *prometheus.GaugeVec
}

func newLive(opt liveOptions) (*live, error) {
	l := &live{opt: opt}
	if len(opt.Dirs) == 0 {
		return l, l.apply(nil)
	}
	l.reloads = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "storewarden_policy_reload_total",
		Help: "Changes of the user's own rules that were tried, by result."}, []string{"result"})
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: "storewarden_policy_" + name, Help: help})
	}
	l.good = gauge("last_reload_successful", "Whether the user's own rules are in force as they stand in their folders.")
	l.since = gauge("last_good_timestamp_seconds", "When the user's rules that are in force were loaded.")
	l.files = gauge("files", "Files of the user's rules that are in force.")
	l.failed = gauge("last_failure_timestamp_seconds", "When rules of the user last were broken, 0 for never.")
	l.info = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "storewarden_policy_info",
		Help: "1, by the revision of the user's rules that are in force: a digest of their files."}, []string{"revision"})
	for _, c := range []prometheus.Collector{l.reloads, l.good, l.since, l.files, l.failed, l.info} {
		if err := opt.Registry.Register(c); err != nil {
			return nil, fmt.Errorf("policy metrics: %w", err)
		}
	}
	for _, result := range []string{resultSuccess, resultFailure} {
		l.reloads.WithLabelValues(result) // so that the first failure is an increase
	}
	var err error
	l.watcher, err = custom.NewWatcher(custom.Options{Dirs: opt.Dirs, Apply: l.apply, Told: l.told, Now: opt.Now,
		Settle: opt.Settle, Every: opt.Every})
	if err != nil {
		return nil, err
	}
	l.count(l.watcher.Status())
	return l, nil
}

// The results of a reload, in metrics.
const (
	resultSuccess = "success"
	resultFailure = "failure"
)

// Review implements webhook.Judge.
func (l *live) Review(ctx context.Context, req review.Request) (verdict.Verdict, error) {
	return l.current.Load().Review(ctx, req)
}

// Run follows the user's folders until the context ends.
func (l *live) Run(ctx context.Context) error {
	if l.watcher == nil {
		return nil
	}
	return l.watcher.Run(ctx)
}

func (l *live) apply(own []engine.File) error {
	r, err := l.opt.Build(own)
	if err != nil {
		return err
	}
	l.current.Store(r)
	if l.info != nil {
		l.info.Reset()
		l.info.WithLabelValues(revisionOf(own)).Set(1)
	}
	return nil
}

// revisionOf tells one set of files from another, on every replica alike.
func revisionOf(own []engine.File) string {
	h := sha256.New()
	for _, f := range own {
		fmt.Fprintf(h, "%q %d\n", f.Name, len(f.Text))
		h.Write(f.Text)
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}

func (l *live) count(s custom.Status) {
	l.good.Set(0)
	if s.Err == nil {
		l.good.Set(1)
	}
	l.since.Set(float64(s.Since.Unix()))
	l.files.Set(float64(s.Files))
}

func (l *live) told(s custom.Status) {
	l.count(s)
	if s.Err == nil {
		l.reloads.WithLabelValues(resultSuccess).Inc()
		l.opt.Log.Info("policies reloaded", "files", s.Files)
		l.opt.Event(false, counted(s.Files, "file", "of your own rules in force"))
		return
	}
	l.reloads.WithLabelValues(resultFailure).Inc()
	l.failed.Set(float64(s.Tried.Unix()))
	for _, m := range lines(s.Err) {
		l.opt.Log.Error("policies are broken, the last good ones stay in force", "error", m)
	}
	l.opt.Event(true, "the last good rules stay in force: "+s.Err.Error())
}

// detail says for /readyz?verbose how the user's rules stand. Broken ones do not
// make the webhook unready: it judges by the last good ones.
func (l *live) detail() []string {
	if l.watcher == nil {
		return nil
	}
	s := l.watcher.Status()
	if s.Err == nil {
		return []string{fmt.Sprintf("policies: %s since %s", counted(s.Files, "file", "in force"), s.Since.UTC().Format(time.RFC3339))}
	}
	out := []string{fmt.Sprintf("policies: BROKEN since %s; those of %s stay in force", s.Tried.UTC().Format(time.RFC3339), s.Since.UTC().Format(time.RFC3339))}
	return append(out, lines(s.Err)...)
}

// lines are one for each mistake.
func lines(err error) []string {
	var ms engine.Mistakes
	if !errors.As(err, &ms) {
		return []string{err.Error()}
	}
	out := make([]string, len(ms))
	for i, m := range ms {
		out[i] = m.String()
	}
	return out
}
