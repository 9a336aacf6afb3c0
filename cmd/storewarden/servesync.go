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

// syncPart is the sync loop with all that runs beside it.
type syncPart struct {
	config   config.Config
	log      *slog.Logger
	registry *prometheus.Registry
	clients  kubernetes.Interface
	kept     keptVault
	notify   *notifier
	rules    *live
	judge    judge
	metrics  *syncMetrics
	loop     *controller.Controller
	watch    metadata.Interface
	walk     *walk
	leading  atomic.Bool
}

func serveSync(ctx context.Context, c config.Config, cfg *rest.Config, log *slog.Logger) error {
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
	s := &syncPart{config: c, log: log, registry: prometheus.NewRegistry()}
	defer func() {
		if s.notify != nil {
			s.notify.stop()
		}
	}()
	for _, step := range []func(*rest.Config) error{s.makeJudge, s.makeLoop} {
		if err := step(cfg); err != nil {
			return err
		}
	}
	return s.run(ctx, namespace, fmt.Sprintf("%s-%d", host, os.Getpid()))
}

// ready says that who follows is as ready as who leads: rules are compiled and a self-test
// verdict was given before anything listens, and only a new leader can end the wait for
// the Lease.
func (s *syncPart) ready() error { return nil }

// makeJudge opens the vault, compiles the rules and has them give a self-test's verdict.
// A change of the user's rules is followed, and everything judged anew by it.
func (s *syncPart) makeJudge(cfg *rest.Config) error {
	var err error
	if s.clients, err = kubernetes.NewForConfig(cfg); err != nil {
		return fmt.Errorf("connect to the API server: %w", err)
	}
	if s.kept, err = newKeptVault(s.config, s.clients.CoreV1(), warm.Options{ColdLimit: math.MaxInt}, s.registry); err != nil {
		return err
	}
	if s.notify, err = newNotifier(cfg, os.Getenv); err != nil {
		return err
	}
	measures, err := newMeasures(s.registry, "sync", s.ready)
	if err != nil {
		return err
	}
	s.rules, err = newLive(liveOptions{Dirs: s.config.Policies, Registry: s.registry, Log: s.log, Now: time.Now,
		Event: func(broken bool, text string) { s.notify.policies(broken, text); s.kick() },
		Build: builder(s.config, s.kept.memory, measures.evaluating)})
	s.judge = timed{s.rules, measures}
	return err
}

// makeLoop makes the loop over ConnectorStores, and the background pass.
func (s *syncPart) makeLoop(cfg *rest.Config) error {
	var err error
	if s.metrics, err = newSyncMetrics(s.registry); err != nil {
		return err
	}
	o, err := newSync(s.config, cfg, s.kept, s.judge, s.log)
	if err != nil {
		return err
	}
	o.Event, o.Observe, o.Gone = s.notify.store, s.metrics.observe, s.metrics.gone
	if s.loop, err = controller.New(o); err != nil {
		return err
	}
	if s.watch, err = metadata.NewForConfig(cfg); err != nil {
		return fmt.Errorf("connect to the API server: %w", err)
	}
	s.walk, err = newWalk(s.config, cfg, s.judge, s.registry, s.log)
	return err
}

// kick asks for a pass over every store and for a round, by the replica that leads.
func (s *syncPart) kick() {
	s.loop.Kick()
	s.walk.kick()
}

// lead is what the replica does that holds the Lease.
func (s *syncPart) lead(ctx context.Context) error {
	s.leading.Store(true)
	s.metrics.leading.Set(1)
	s.log.Info("leading: this replica writes")
	wanted := func() []vault.Ref { return slices.Concat(s.loop.Wanted(), s.walk.wanted(ctx)) }
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		return s.loop.Run(ctx, controller.RunOptions{Watch: s.watch, Namespaces: s.config.Namespaces})
	})
	g.Go(func() error {
		return s.kept.run(ctx, s.log, warm.RefreshOptions{Wanted: wanted, Listed: s.loop.Listed, Done: s.kick, Soon: s.loop.Soon()})
	})
	g.Go(func() error { return s.walk.run(ctx) })
	return g.Wait()
}

// run goes on until the context ends, or the Lease is lost.
func (s *syncPart) run(ctx context.Context, namespace, identity string) error {
	c := s.config
	pulse := newPulse(time.Now, func() error { return selfTest(s.rules) })
	watchdog := leaderelection.NewLeaderHealthzAdaptor(leaseFor)
	alive := func() error { return errors.Join(pulse.alive(), watchdog.Check(nil)) }
	detail := func() []string {
		return slices.Concat([]string{fmt.Sprintf("leading: %t", s.leading.Load())}, s.rules.detail(), s.kept.detail(time.Now()))
	}
	s.log.Info("starting", "version", version(), "namespaces", c.Namespaces, "profile", string(c.Profile), "vault", string(c.Vault.Kind))
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		return serveHTTP(ctx, c.Webhook.Metrics, promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{}))
	})
	g.Go(func() error { return serveHTTP(ctx, c.Webhook.Health, probes(alive, s.ready, detail)) })
	g.Go(func() error { return s.rules.Run(ctx) })
	g.Go(func() error { return pulse.Run(ctx) })
	g.Go(func() error { return elected(ctx, s.clients, namespace, identity, watchdog, s.lead) })
	err := g.Wait()
	s.log.Info("stopped")
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
