package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault/warm"
	"github.com/storewarden/storewarden/cmd/internal/config"
	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/review"
)

func newServe() *cobra.Command {
	var withWebhook, withSync bool
	var configFile, kubeconfig string
	cmd := &cobra.Command{
		Use:   "serve --webhook|--sync --config FILE",
		Short: "Run the admission webhook, or the sync loop that fills ConnectorStores",
		Long: `Serve --webhook answers the API server's AdmissionReviews. Serve --sync fills the
Secrets that ConnectorStores declare; of several replicas one writes at a time. It
reads the cluster with the pod's service account, or with --kubeconfig, and logs JSON
on standard error. The two want different rights: run them apart.`,
		Example: `  storewarden serve --webhook --config /etc/storewarden/config.yaml
  storewarden serve --sync --config /etc/storewarden/config.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if withWebhook == withSync {
				return errors.New("serve: say what to serve: --webhook or --sync")
			}
			c, err := config.Load(configFile, os.Getenv)
			if err != nil {
				return err
			}
			cfg, err := clusterConfig(kubeconfig)
			if err != nil {
				return err
			}
			log := logTo(cmd.ErrOrStderr())
			cfg.WarningHandler = warned{log}
			if withSync {
				return serveSync(cmd.Context(), c, cfg, log)
			}
			return serveWebhook(cmd.Context(), c, cfg, log)
		},
	}
	cmd.Flags().BoolVar(&withWebhook, "webhook", false, "run the admission webhook")
	cmd.Flags().BoolVar(&withSync, "sync", false, "fill the stores that ConnectorStores declare")
	cmd.Flags().StringVar(&configFile, "config", "", "configuration file (see \"storewarden config example\")")
	cmd.Flags().StringVar(&kubeconfig, "kubeconfig", "", "path of a kubeconfig, default the pod's own, $KUBECONFIG or ~/.kube/config")
	return cmd
}

// clusterConfig is the pod's own, or a kubeconfig's.
func clusterConfig(path string) (*rest.Config, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = path
	cfg, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, nil).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("kubeconfig: %w", err)
	}
	cfg.QPS = -1 // the API server's own priority and fairness limits us
	return cfg, nil
}

// builder makes the webhook's reviewers: each reload of the user's rules needs a
// new one, and all share what the vault said.
func builder(c config.Config, memory *warm.Memory, evaluating func() func()) func([]engine.File) (*review.Reviewer, error) {
	var v review.Vault
	if memory != nil { // a nil pointer in an interface would be a vault
		v = memory
	}
	return func(own []engine.File) (*review.Reviewer, error) {
		e, err := newEngine(c, own)
		if err != nil {
			return nil, err
		}
		o := reviewOptions(c, e, v, true)
		o.Evaluating = evaluating
		r, err := review.New(o)
		if err != nil {
			return nil, err
		}
		return r, selfTest(r)
	}
}

// selfTest has a reviewer judge what no trust list may hold: one that finds nothing
// there must not answer for anybody.
func selfTest(r judge) error {
	subject := &store.Object{ID: store.ID{APIVersion: store.SecretAPI, Kind: store.KindSecret, Namespace: "storewarden-self-test", Name: store.ReservedNames()[0]},
		Secret: &store.Secret{Type: "Opaque", Keys: []string{"empty.der"}, Data: map[string]store.Value{"empty.der": {}}}}
	v, err := r.Review(context.Background(), review.Request{Operation: review.Audit, Subject: subject, Peers: emptyCluster{}, Now: time.Now()})
	if err != nil {
		return fmt.Errorf("self-test: %w", err)
	}
	if len(v.Findings) == 0 {
		return errors.New("self-test: the rules find nothing wrong with an empty certificate")
	}
	return nil
}

// emptyCluster is a cluster without objects.
type emptyCluster struct{}

func (emptyCluster) Get(context.Context, string, string, string) (*store.Object, error) {
	return nil, store.ErrNotFound
}

func (emptyCluster) List(context.Context, string, string) ([]*store.Object, error) { return nil, nil }

// gate is whether the webhook can judge. That rules are compiled, a certificate is loaded
// and a self-test verdict was given is so before anything listens.
type gate struct {
	synced            atomic.Bool
	stopping, trusted func() bool // nil before the server is made
}

func (g *gate) ready() error {
	switch {
	case g.stopping == nil || !g.synced.Load():
		return errors.New("the watches have not told yet what there is")
	case g.stopping():
		return errors.New("stopping")
	case !g.trusted():
		return errors.New("the API server was not told yet to trust the serving certificate")
	}
	return nil
}

// probes answers /healthz while the process lives and /readyz when it can judge;
// /readyz?verbose adds what an operator should know beside, and what decides nothing.
func probes(alive, ready func() error, detail func() []string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		if err := alive(); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	mux.HandleFunc("/readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := ready(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
		if r.URL.Query().Has("verbose") {
			fmt.Fprintln(w, strings.Join(detail(), "\n"))
		}
	})
	return mux
}

// serveHTTP serves until the context ends; the address "0" means not at all.
func serveHTTP(ctx context.Context, address string, h http.Handler) error {
	if address == "0" {
		<-ctx.Done()
		return nil
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = s.Close() })
	defer stop()
	if err := s.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
