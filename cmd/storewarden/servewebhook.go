package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/store/cluster"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/warm"
	"github.com/storewarden/storewarden/cmd/internal/config"
	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/sync/rounds"
	"github.com/storewarden/storewarden/webhook"
	"github.com/storewarden/storewarden/webhook/serving"
)

// lameDuck is how long a webhook goes on after it is told to stop: until every API server
// knows that it is no endpoint any more.
const lameDuck = 5 * time.Second

// webhookPart is the admission webhook with all that runs beside it.
type webhookPart struct {
	config   config.Config
	log      *slog.Logger
	registry *prometheus.Registry
	clients  kubernetes.Interface
	live     *cluster.Live
	index    *cluster.Index
	kept     keptVault
	notify   *notifier
	rules    *live
	judge    judge
	keys     *serving.Keys
	server   *serving.Server
	gate     gate
	pass     *rounds.Rounds // nil where another part makes them
}

func serveWebhook(ctx context.Context, c config.Config, cfg *rest.Config, log *slog.Logger) error {
	w := &webhookPart{config: c, log: log, registry: prometheus.NewRegistry()}
	defer func() {
		if w.notify != nil {
			w.notify.stop()
		}
	}()
	for _, step := range []func(context.Context, *rest.Config) error{w.connect, w.makeJudge, w.makeServer} {
		if err := step(ctx, cfg); err != nil {
			return err
		}
	}
	return w.run(ctx)
}

// connect makes what reads the cluster and the vault.
func (w *webhookPart) connect(ctx context.Context, cfg *rest.Config) error {
	cl, err := client.New(cfg, client.Options{})
	if err != nil {
		return fmt.Errorf("connect to the API server: %w", err)
	}
	if w.clients, err = kubernetes.NewForConfig(cfg); err != nil {
		return fmt.Errorf("connect to the API server: %w", err)
	}
	w.live = cluster.NewLive(cl)
	if w.index, err = cluster.NewIndex(cfg, cluster.Options{Inventory: w.config.Inventory(), Changed: func(string) { w.changed() }}); err != nil {
		return err
	}
	if w.kept, err = newKeptVault(w.config, w.clients.CoreV1(), warm.Options{}, w.registry); err != nil {
		return err
	}
	w.keys = newKeys(w.config, cl, w.log)
	return w.keys.Load(ctx)
}

// changed asks for a round.
func (w *webhookPart) changed() {
	if w.pass != nil {
		w.pass.Kick()
	}
}

// makeJudge compiles the rules and has them give a self-test's verdict.
func (w *webhookPart) makeJudge(_ context.Context, cfg *rest.Config) error {
	measures, err := newMeasures(w.registry, "webhook", w.gate.ready)
	if err != nil {
		return err
	}
	if w.notify, err = newNotifier(cfg, os.Getenv); err != nil {
		return err
	}
	w.rules, err = newLive(liveOptions{Dirs: w.config.Policies, Registry: w.registry, Log: w.log, Now: time.Now,
		Event: func(broken bool, text string) { w.notify.policies(broken, text); w.changed() },
		Build: builder(w.config, w.kept.memory, measures.evaluating)})
	if err != nil {
		return err
	}
	w.judge = timed{w.rules, measures}
	if w.config.Rounds.In == config.RoundsInWebhook {
		w.pass, err = newRounds(w.config, cfg, w.judge, w.index, w.registry, w.log)
	}
	return err
}

// makeServer makes what answers the API server.
func (w *webhookPart) makeServer(ctx context.Context, _ *rest.Config) error {
	c := w.config
	metrics, err := webhook.NewMetrics(w.registry)
	if err != nil {
		return err
	}
	handler, err := webhook.New(webhook.Options{Judge: w.judge, Inventory: c.Inventory(), Strict: c.Profile == engine.Strict,
		Peers: w.index, Live: w.live, Profiles: c.Actors, Timeout: c.Webhook.Timeout, Now: time.Now, Log: w.log,
		Metrics: metrics, Notify: w.notify.admitted})
	if err != nil {
		return err
	}
	if err := w.registry.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "storewarden_webhook_certificate_expiry_timestamp_seconds",
		Help: "When the serving certificate in use ends."}, func() float64 { return float64(w.keys.NotAfter().Unix()) })); err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(c.Webhook.Host, strconv.Itoa(c.Webhook.Port)))
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle(webhook.Path, handler)
	mux.Handle(webhook.QuarantinePath, handler)
	mux.Handle(webhook.AutofixPath, handler)
	w.server = &serving.Server{Listener: listener, Handler: mux, Keys: w.keys, Lame: lameDuck, Grace: c.Webhook.Timeout + time.Second, Log: w.log}
	w.gate.stopping, w.gate.trusted = w.server.Stopping, w.keys.Trusted
	return nil
}

// run goes on until the context ends and the last call is answered.
func (w *webhookPart) run(ctx context.Context) error {
	c := w.config
	pulse := newPulse(time.Now, func() error { return selfTest(w.rules) })
	w.log.Info("starting", "version", version(), "namespaces", c.Namespaces, "profile", string(c.Profile), "vault", string(c.Vault.Kind))
	// What answers calls goes on until the last one is answered.
	told := ctx
	ctx, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return w.index.Start(ctx) })
	g.Go(func() error {
		if !w.index.WaitForSync(ctx) {
			return nil
		}
		w.gate.synced.Store(true)
		return w.kept.run(ctx, w.log, warm.RefreshOptions{Wanted: func() []vault.Ref { return wanted(ctx, c, w.index) }, Done: w.changed})
	})
	if w.pass != nil {
		g.Go(func() error { return w.pass.Run(ctx) })
	}
	g.Go(func() error {
		defer end()
		serve, stop := context.WithCancel(ctx)
		defer stop()
		defer context.AfterFunc(told, stop)()
		return w.server.Run(serve)
	})
	g.Go(func() error { return w.keys.Run(ctx) })
	g.Go(func() error { return w.rules.Run(ctx) })
	g.Go(func() error { return pulse.Run(ctx) })
	g.Go(func() error { return serveExplain(ctx, c, w.clients, w.judge, w.live, w.index, w.keys, w.log) })
	detail := func() []string { return append(w.rules.detail(), w.kept.detail(time.Now())...) }
	g.Go(func() error { return serveHTTP(ctx, c.Webhook.Health, probes(pulse.alive, w.gate.ready, detail)) })
	g.Go(func() error {
		return serveHTTP(ctx, c.Webhook.Metrics, promhttp.HandlerFor(w.registry, promhttp.HandlerOpts{}))
	})
	err := g.Wait()
	w.log.Info("stopped")
	return err
}
