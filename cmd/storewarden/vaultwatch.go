package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/dir"
	"github.com/storewarden/storewarden/certs/vault/warm"
	"github.com/storewarden/storewarden/cmd/internal/config"
	"github.com/storewarden/storewarden/policies/review"
)

// keptVault is the vault of a server: what it said is remembered and refreshed,
// and all of it is counted.
type keptVault struct {
	config config.Vault
	reader backend
	memory *warm.Memory
}

// newKeptVault opens the vault of a server. With no vault its reader and memory are
// nil, and there is nothing to run.
func newKeptVault(c config.Config, accounts corev1client.ServiceAccountsGetter, o warm.Options, registry prometheus.Registerer) (keptVault, error) {
	tokens := newTokenMetrics()
	reader, err := newVault(c.Vault, vaultOptions{accounts: accounts, onToken: tokens.observe})
	if err != nil || reader == nil {
		return keptVault{}, err
	}
	calls := newVaultCalls()
	// Twice the time between two refreshes: one may fail before admission asks.
	o.FreshFor, o.UsableFor, o.Budget, o.Observe = 2*c.Vault.Refresh, c.Vault.UsableFor, budget(c.Vault), calls.observe
	memory := warm.New(reader, o)
	for _, m := range []prometheus.Collector{calls.total, tokens.asked, tokens.acquired, tokens.expires, vaultCollector{memory}} {
		if err := registry.Register(m); err != nil {
			return keptVault{}, err
		}
	}
	return keptVault{c.Vault, reader, memory}, nil
}

// run refreshes what is wanted in the background until the context ends.
func (k keptVault) run(ctx context.Context, log *slog.Logger, o warm.RefreshOptions) error {
	if k.memory == nil {
		return nil
	}
	o.Lister, o.Every, o.Log = k.reader, k.config.Refresh, log
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return k.memory.Refresh(ctx, o) })
	if folder, ok := k.reader.(*dir.Reader); ok {
		g.Go(func() error {
			return folder.Watch(ctx, func() {
				k.memory.Forget()
				if o.Done != nil {
					o.Done()
				}
			})
		})
	}
	return g.Wait()
}

// detail says for /readyz?verbose how the vaults stand. None of it makes a server
// unready: it judges by what is known, and tells what it could not see.
func (k keptVault) detail(now time.Time) []string {
	if k.memory == nil {
		return []string{"vault: none is configured"}
	}
	var out []string
	for _, v := range k.memory.Stats().Vaults {
		line := fmt.Sprintf("vault %s: %d secrets known, %d in trouble", v.Vault, v.Facts, v.Trouble)
		if !v.Oldest.IsZero() {
			line += ", the oldest seen " + now.Sub(v.Oldest).Round(time.Second).String() + " ago"
		}
		if v.Paused > 0 {
			line += ", left alone for " + v.Paused.Round(time.Second).String() + " since it throttles"
		}
		out = append(out, line)
	}
	return out
}

// vaultCalls counts calls.
type vaultCalls struct{ total *prometheus.CounterVec }

func newVaultCalls() vaultCalls {
	return vaultCalls{prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "storewarden_vault_calls_total", Help: "Calls to a vault, by operation and outcome: ok, or the reason why not.",
	}, []string{"vault", "operation", "outcome"})}
}

// observe implements warm.Options.Observe.
func (c vaultCalls) observe(name, operation string, reason vault.Reason) {
	outcome := string(reason)
	if outcome == "" {
		outcome = "ok"
	}
	c.total.WithLabelValues(name, operation, outcome).Inc()
}

// tokenMetrics count the tokens that vaults are read with.
type tokenMetrics struct {
	asked             *prometheus.CounterVec
	acquired, expires *prometheus.GaugeVec

	mu   sync.Mutex
	last map[string]time.Time // when the last token of an identity ends
}

func newTokenMetrics() *tokenMetrics {
	gauge := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, []string{"identity"})
	}
	return &tokenMetrics{last: map[string]time.Time{},
		asked: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "storewarden_vault_tokens_total", Help: "Tokens asked for, those that were kept included, by identity (self, or the service account behind it) and outcome.",
		}, []string{"identity", "outcome"}),
		acquired: gauge("storewarden_vault_token_acquired_timestamp_seconds", "When the present token of an identity was got."),
		expires:  gauge("storewarden_vault_token_expiry_timestamp_seconds", "When the present token of an identity ends."),
	}
}

// observe implements azure.Options.OnToken.
func (m *tokenMetrics) observe(as vault.Identity, expires time.Time, err error) {
	who := as.String()
	if err != nil {
		m.asked.WithLabelValues(who, "failed").Inc()
		return
	}
	m.asked.WithLabelValues(who, "ok").Inc()
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.last[who].Equal(expires) {
		m.last[who] = expires
		m.acquired.WithLabelValues(who).SetToCurrentTime()
		m.expires.WithLabelValues(who).Set(float64(expires.Unix()))
	}
}

// wanted is what the SecretProviderClasses of the guarded namespaces refer to, as
// far as their namespaces may have it looked into. A namespace that cannot be read
// now adds nothing: what is known of its vaults stays for a while.
func wanted(ctx context.Context, c config.Config, peers review.Peers) []vault.Ref {
	var refs []vault.Ref
	as := identify(c.Vault, true)
	for _, ns := range c.Namespaces {
		classes, err := peers.List(ctx, store.KindSecretProviderClass, ns)
		if err != nil {
			continue
		}
		accounts := accountsOf(ctx, ns, peers)
		for _, o := range classes {
			if o.SPC == nil || !c.AllowedVault(ns, o.SPC.Vault.Value) {
				continue
			}
			users := accounts[o.ID.Name]
			if len(users) == 0 {
				users = []string{""}
			}
			for _, account := range users {
				refs = append(refs, as.Refs(ns, account, o.SPC)...)
			}
		}
		refs = append(refs, declaredRefs(ctx, c, ns, peers, as)...)
	}
	return refs
}

// declaredRefs are what the ConnectorStores of a namespace name one by one.
func declaredRefs(ctx context.Context, c config.Config, ns string, peers review.Peers, as review.Identify) []vault.Ref {
	var refs []vault.Ref
	stores, err := peers.List(ctx, store.KindConnectorStore, ns)
	if err != nil {
		return nil
	}
	for _, o := range stores {
		if o.Declared == nil {
			continue
		}
		class, err := peers.Get(ctx, store.KindSecretProviderClass, ns, o.Declared.Vault.ProviderClass)
		if err != nil || class.SPC == nil || !c.AllowedVault(ns, class.SPC.Vault.Value) {
			continue
		}
		for _, s := range o.Declared.Sources {
			if v := s.VaultSecret; v != nil {
				refs = append(refs, as.Ref(ns, o.Declared.Vault.ServiceAccount, class.SPC, store.Entry{Name: v.Name, Version: v.Version}))
			}
		}
	}
	return refs
}

// accountsOf are the service accounts of the SecretSyncs of a namespace, by the class
// that they use.
func accountsOf(ctx context.Context, namespace string, peers review.Peers) map[string][]string {
	out := map[string][]string{}
	syncs, err := peers.List(ctx, store.KindSecretSync, namespace)
	if err != nil {
		return out
	}
	for _, s := range syncs {
		if s.Sync != nil && !slices.Contains(out[s.Sync.ProviderClass], s.Sync.ServiceAccount) {
			out[s.Sync.ProviderClass] = append(out[s.Sync.ProviderClass], s.Sync.ServiceAccount)
		}
	}
	return out
}

// vaultCollector tells at each scrape what a memory holds.
type vaultCollector struct{ memory *warm.Memory }

var (
	vaultAnswers = prometheus.NewDesc("storewarden_vault_answers_total",
		"References answered: fresh and stale from memory, fetched by a call, refused as too many new ones in a request.", []string{"from"}, nil)
	vaultFacts = prometheus.NewDesc("storewarden_vault_facts",
		"Secrets that are known, and those that ended in an error.", []string{"vault", "state"}, nil)
	vaultOldest = prometheus.NewDesc("storewarden_vault_oldest_seen_timestamp_seconds",
		"When the oldest of the facts was last known to be so.", []string{"vault"}, nil)
	vaultPause = prometheus.NewDesc("storewarden_vault_pause_seconds",
		"For how long a vault that throttles is still left alone.", []string{"vault"}, nil)
	vaultRate = prometheus.NewDesc("storewarden_vault_rate_limit",
		"Calls a second that are allowed at present.", []string{"vault"}, nil)
)

// Describe implements prometheus.Collector.
func (vaultCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{vaultAnswers, vaultFacts, vaultOldest, vaultPause, vaultRate} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c vaultCollector) Collect(ch chan<- prometheus.Metric) {
	stats := c.memory.Stats()
	for from, n := range map[string]uint64{"fresh": stats.Answers.Fresh, "stale": stats.Answers.Stale,
		"fetched": stats.Answers.Fetched, "refused": stats.Answers.Refused} {
		ch <- prometheus.MustNewConstMetric(vaultAnswers, prometheus.CounterValue, float64(n), from)
	}
	for _, v := range stats.Vaults {
		gauge := func(d *prometheus.Desc, value float64, labels ...string) {
			ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, append([]string{v.Vault}, labels...)...)
		}
		gauge(vaultFacts, float64(v.Facts), "known")
		gauge(vaultFacts, float64(v.Trouble), "trouble")
		if !v.Oldest.IsZero() {
			gauge(vaultOldest, float64(v.Oldest.Unix()))
		}
		gauge(vaultPause, v.Paused.Seconds())
		gauge(vaultRate, v.Rate)
	}
}
