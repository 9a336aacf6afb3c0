package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/storewarden/storewarden/certs/store/cluster"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/cmd/internal/config"
	"github.com/storewarden/storewarden/sync/rounds"
)

// newRounds wires the background pass.
func newRounds(c config.Config, cfg *rest.Config, by judge, peers rounds.Peers, registry prometheus.Registerer, log *slog.Logger) (*rounds.Rounds, error) {
	metrics, err := newRoundMetrics(registry)
	if err != nil {
		return nil, err
	}
	o := rounds.Options{Judge: by, Peers: peers, Inventory: c.Inventory(), Observe: metrics.observe, Now: time.Now, Log: log}
	if c.Rounds.Reports {
		if o.Reports, err = dynamic.NewForConfig(cfg); err != nil {
			return nil, fmt.Errorf("connect to the API server: %w", err)
		}
	}
	return rounds.New(o)
}

// walk is the background pass of the sync part, with watches of its own; nil where
// another part makes it.
type walk struct {
	config config.Config
	index  *cluster.Index
	pass   *rounds.Rounds
}

func newWalk(c config.Config, cfg *rest.Config, by judge, registry prometheus.Registerer, log *slog.Logger) (*walk, error) {
	if c.Rounds.In != config.RoundsInSync {
		return nil, nil
	}
	w := &walk{config: c}
	var err error
	if w.index, err = cluster.NewIndex(cfg, cluster.Options{Inventory: c.Inventory(), Changed: func(string) { w.kick() }}); err != nil {
		return nil, err
	}
	w.pass, err = newRounds(c, cfg, by, w.index, registry, log)
	return w, err
}

func (w *walk) kick() {
	if w != nil {
		w.pass.Kick()
	}
}

// run goes on until the context ends.
func (w *walk) run(ctx context.Context) error {
	if w == nil {
		return nil
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return w.index.Start(ctx) })
	g.Go(func() error { return w.pass.Run(ctx) })
	return g.Wait()
}

// wanted are the vault secrets that the pass looks at, for the background refresh.
func (w *walk) wanted(ctx context.Context) []vault.Ref {
	if w == nil {
		return nil
	}
	return wanted(ctx, w.config, w.index)
}
