package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/store/cluster"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/warm"
	"github.com/storewarden/storewarden/cmd/internal/config"
	"github.com/storewarden/storewarden/sync/controller"
	"github.com/storewarden/storewarden/sync/plan"
)

// leaseName is the Lease that the replica which writes holds.
const leaseName = "storewarden-sync"

// The times of a leader change: another replica takes over at most this long after one
// died, and at once after one stopped.
const (
	leaseFor      = 15 * time.Second
	renewDeadline = 10 * time.Second
	retryPeriod   = 2 * time.Second
)

func serveSync(ctx context.Context, c config.Config, cfg *rest.Config, log *slog.Logger) error {
	cs, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return fmt.Errorf("connect to the API server: %w", err)
	}
	namespace := c.Sync.LeaseNamespace
	if namespace == "" {
		namespace = os.Getenv("POD_NAMESPACE")
	}
	if namespace == "" {
		return errors.New("config: sync.leaseNamespace: it is needed where POD_NAMESPACE does not name the pod's own namespace")
	}
	host, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("leader election: %w", err)
	}
	registry := prometheus.NewRegistry()
	kept, err := newKeptVault(c, cs.CoreV1(), warm.Options{ColdLimit: math.MaxInt}, registry)
	if err != nil {
		return err
	}
	notify, err := newNotifier(cfg, os.Getenv)
	if err != nil {
		return err
	}
	defer notify.stop()
	metrics, err := newSyncMetrics(registry)
	if err != nil {
		return err
	}
	// Who follows is as ready as who leads: rules are compiled and a self-test verdict was
	// given before anything listens, and only a new leader can end the wait for the Lease.
	ready := func() error { return nil }
	measures, err := newMeasures(registry, "sync", ready)
	if err != nil {
		return err
	}
	// A change of the user's rules is followed; the first ones have given a self-test's verdict.
	rules, err := newLive(liveOptions{Dirs: c.Policies, Registry: registry, Log: log, Event: notify.policies, Now: time.Now,
		Build: builder(c, kept.memory, measures.evaluating)})
	if err != nil {
		return err
	}
	judge := timed{rules, measures}
	loop, err := newSync(c, cfg, kept, judge, log)
	if err != nil {
		return err
	}
	loop.Event, loop.Observe, loop.Gone = notify.store, metrics.observe, metrics.gone
	ctrl, err := controller.New(loop)
	if err != nil {
		return err
	}
	watch, err := metadata.NewForConfig(cfg)
	if err != nil {
		return fmt.Errorf("connect to the API server: %w", err)
	}
	walk, err := newWalk(c, cfg, judge, registry, log)
	if err != nil {
		return err
	}
	kick := func() {
		ctrl.Kick()
		walk.kick()
	}
	var leading atomic.Bool
	wanted := func() []vault.Ref { return slices.Concat(ctrl.Wanted(), walk.wanted(ctx)) }
	lead := func(ctx context.Context) error {
		leading.Store(true)
		metrics.leading.Set(1)
		log.Info("leading: this replica writes")
		g, ctx := errgroup.WithContext(ctx)
		g.Go(func() error { return ctrl.Run(ctx, controller.RunOptions{Watch: watch, Namespaces: c.Namespaces}) })
		g.Go(func() error {
			return kept.run(ctx, log, warm.RefreshOptions{Wanted: wanted, Listed: ctrl.Listed, Done: kick, Soon: ctrl.Soon()})
		})
		g.Go(func() error { return walk.run(ctx) })
		return g.Wait()
	}
	pulse := newPulse(time.Now, func() error { return selfTest(rules) })
	watchdog := leaderelection.NewLeaderHealthzAdaptor(leaseFor)
	alive := func() error { return errors.Join(pulse.alive(), watchdog.Check(nil)) }
	log.Info("starting", "version", version(), "namespaces", c.Namespaces, "profile", string(c.Profile), "vault", string(c.Vault.Kind))
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		return serveHTTP(ctx, c.Webhook.Metrics, promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	})
	g.Go(func() error {
		return serveHTTP(ctx, c.Webhook.Health, probes(alive, ready, func() []string {
			return slices.Concat([]string{fmt.Sprintf("leading: %t", leading.Load())}, rules.detail(), kept.detail(time.Now()))
		}))
	})
	g.Go(func() error { return rules.Run(ctx) })
	g.Go(func() error { return pulse.Run(ctx) })
	g.Go(func() error {
		return elected(ctx, cs, namespace, fmt.Sprintf("%s-%d", host, os.Getpid()), watchdog, lead)
	})
	err = g.Wait()
	log.Info("stopped")
	return err
}

// elected runs lead while this replica holds the Lease, and gives it back at the end.
func elected(ctx context.Context, cs kubernetes.Interface, namespace, identity string, watchdog *leaderelection.HealthzAdaptor, lead func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var led atomic.Bool
	ended := make(chan error, 1)
	le, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: &resourcelock.LeaseLock{LeaseMeta: metav1.ObjectMeta{Namespace: namespace, Name: leaseName}, Client: cs.CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: identity}},
		LeaseDuration: leaseFor, RenewDeadline: renewDeadline, RetryPeriod: retryPeriod, Name: leaseName, WatchDog: watchdog,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(ctx context.Context) {
				led.Store(true)
				ended <- lead(ctx)
				cancel()
			},
			OnStoppedLeading: func() {},
		},
	})
	if err != nil {
		return fmt.Errorf("leader election: %w", err)
	}
	le.Run(ctx)
	lost := ctx.Err() == nil
	if !led.Load() {
		return nil
	}
	// The loop ends what it has begun before another may begin.
	select {
	case err = <-ended:
	case <-time.After(renewDeadline):
	}
	if lost {
		return errors.Join(err, errors.New("the Lease could not be renewed: this replica starts anew"))
	}
	releaseLease(cs, namespace, identity)
	return err
}

// releaseLease lets another replica lead at once. It is done when the loop has ended,
// and not before, as the library would.
func releaseLease(cs kubernetes.Interface, namespace, identity string) {
	ctx, cancel := context.WithTimeout(context.Background(), retryPeriod)
	defer cancel()
	leases := cs.CoordinationV1().Leases(namespace)
	l, err := leases.Get(ctx, leaseName, metav1.GetOptions{})
	if err != nil || l.Spec.HolderIdentity == nil || *l.Spec.HolderIdentity != identity {
		return
	}
	nobody, second := "", int32(1)
	l.Spec.HolderIdentity, l.Spec.LeaseDurationSeconds = &nobody, &second
	_, _ = leases.Update(ctx, l, metav1.UpdateOptions{}) // it ends by itself otherwise
}

// newSync wires the sync loop from the configuration.
func newSync(c config.Config, cfg *rest.Config, kept keptVault, by judge, log *slog.Logger) (controller.Options, error) {
	cl, err := client.New(cfg, client.Options{})
	if err != nil {
		return controller.Options{}, fmt.Errorf("connect to the API server: %w", err)
	}
	o := controller.Options{Client: cl, Judge: by, Peers: cluster.NewLive(cl), Inventory: c.Inventory(), Identify: identify(c.Vault, true), Allowed: c.AllowedVault,
		AllowTaggedTrust: c.Sync.AllowTaggedTrust, ClusterResources: c.Sync.ClusterResources,
		ExpiryWarning: time.Duration(c.Expiry.WarnDays) * 24 * time.Hour, Poll: c.Vault.Refresh, Now: time.Now, Log: log}
	if kept.memory != nil {
		o.Vault, o.Values, o.Listings = kept.memory, kept.memory, kept.memory
	}
	return o, nil
}

// store raises an event on a ConnectorStore.
func (n *notifier) store(o *unstructured.Unstructured, warning bool, reason, message string) {
	kind := corev1.EventTypeNormal
	if warning {
		kind = corev1.EventTypeWarning
	}
	n.recorder.Event(&corev1.ObjectReference{APIVersion: o.GetAPIVersion(), Kind: o.GetKind(), Namespace: o.GetNamespace(), Name: o.GetName(), UID: o.GetUID()},
		kind, reason, ofLength(message))
}

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
	if !p.NextExpiry.IsZero() {
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
