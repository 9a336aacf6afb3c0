package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/go-logr/logr"
	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/store"
)

// Options says what an Index keeps.
type Options struct {
	// Inventory names the namespaces whose SecretProviderClasses, SecretSyncs,
	// Devices and ConnectorTemplates are watched, and the Secrets watched by
	// name: the reserved names in those namespaces, and the configured stores in
	// theirs.
	Inventory store.Inventory
	// Changed is told that something in a namespace is not what it was, what there is
	// at first included. It must not block; nil tells nobody.
	Changed func(namespace string)
}

// Index keeps in memory what reviews look up again and again. Its objects are
// shared and read-only. It is a Runnable of controller-runtime's manager.
type Index struct {
	client  dynamic.Interface
	changed func(namespace string)
	live    *Live
	sources map[sourceKey][]*source // one for each API group that serves the kind
	started atomic.Bool
}

// sourceKey identifies a source.
type sourceKey struct{ kind, namespace, name string }

// NewIndex makes an index; Start fills it. It sends no request.
func NewIndex(cfg *rest.Config, opt Options) (*Index, error) {
	if slices.Contains(opt.Inventory.Namespaces, "") {
		return nil, errors.New("a namespace to watch has no name")
	}
	cfg = rest.CopyConfig(cfg)
	cfg.QPS = -1    // as many requests as there are sources, at start; the server has its own fairness
	cfg.Timeout = 0 // it would end every watch
	watches, err := dynamic.NewForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("make a client for watches: %w", err)
	}
	reader, err := client.New(cfg, client.Options{})
	if err != nil {
		return nil, fmt.Errorf("make a client for reads: %w", err)
	}
	x := &Index{client: watches, live: NewLive(reader), sources: map[sourceKey][]*source{}, changed: opt.Changed}
	if x.changed == nil {
		x.changed = func(string) {}
	}
	for _, ns := range opt.Inventory.Namespaces {
		for _, kind := range []string{store.KindSecretProviderClass, store.KindSecretSync, store.KindConnectorStore, store.KindDevice, store.KindConnectorTemplate} {
			err = errors.Join(err, x.watch(kind, ns, ""))
		}
		for _, name := range store.ReservedNames() {
			err = errors.Join(err, x.watch(store.KindSecret, ns, name))
		}
	}
	for _, s := range opt.Inventory.Stores {
		if s.Namespace == "" || s.Name == "" {
			return nil, errors.New("a store to watch has no name or no namespace") // either would mean all Secrets
		}
		err = errors.Join(err, x.watch(store.KindSecret, s.Namespace, s.Name))
	}
	return x, err
}

func (x *Index) watch(kind, namespace, name string) error {
	apis, err := servedAs(kind)
	key := sourceKey{kind, namespace, name}
	x.sources[key] = nil // a name that is listed twice is watched once
	for _, api := range apis {
		x.sources[key] = append(x.sources[key], newSource(api, namespace, name, x.changed))
	}
	return err
}

// all are the sources of all keys.
func (x *Index) all() []*source {
	var all []*source
	for _, sources := range x.sources {
		all = append(all, sources...)
	}
	return all
}

// answered reports whether every one of the sources was, and there is one.
func answered(sources []*source) bool {
	return len(sources) > 0 && !slices.ContainsFunc(sources, func(s *source) bool { return !s.isAnswered() })
}

// Start watches until the context ends. It never fails for what the cluster
// lacks or forbids: it asks again, and Detail tells.
func (x *Index) Start(ctx context.Context) error {
	if x.started.Swap(true) {
		return errors.New("the index was started before")
	}
	// client-go logs each retry by itself; Detail has the same, once.
	g, ctx := errgroup.WithContext(klog.NewContext(ctx, logr.Discard()))
	for _, s := range x.all() {
		g.Go(func() error { return s.run(ctx, x.client) })
	}
	return g.Wait()
}

// NeedLeaderElection tells the manager that every replica needs the index.
func (x *Index) NeedLeaderElection() bool { return false }

// WaitForSync waits until the API server has told, for every source, what there
// is, be it that the kind does not exist; false if the context ends before.
func (x *Index) WaitForSync(ctx context.Context) bool {
	for _, s := range x.all() {
		select {
		case <-s.answered:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// Get returns the object of the name, or store.ErrNotFound. What is not
// watched, or not seen yet, is asked of the API server.
func (x *Index) Get(ctx context.Context, kind, namespace, name string) (*store.Object, error) {
	sources := x.sources[sourceKey{kind, namespace, ""}]
	if sources == nil {
		sources = x.sources[sourceKey{kind, namespace, name}]
	}
	if !answered(sources) {
		return x.live.Get(ctx, kind, namespace, name)
	}
	for _, s := range sources {
		if o, err := s.get(name); !errors.Is(err, store.ErrNotFound) {
			return o, err
		}
	}
	return nil, notFound(kind, namespace, name)
}

// List returns the objects of a kind in a namespace, as Live does.
func (x *Index) List(ctx context.Context, kind, namespace string) ([]*store.Object, error) {
	sources := x.sources[sourceKey{kind, namespace, ""}]
	if !answered(sources) {
		return x.live.List(ctx, kind, namespace)
	}
	if len(sources) == 1 {
		return sources[0].all(), nil
	}
	var all []*store.Object
	for _, s := range sources {
		all = append(all, s.all()...)
	}
	return all, nil
}

// Lost are the sources of a namespace whose watch is broken, and why: what is answered
// of them is what was there before.
func (x *Index) Lost(namespace string) map[string]error {
	lost := map[string]error{}
	for _, s := range x.all() {
		if err := s.lost(); err != nil && s.namespace == namespace {
			lost[s.String()] = err
		}
	}
	return lost
}

// Detail tells the state of each source, for a readiness check or a person.
func (x *Index) Detail() map[string]string {
	detail := map[string]string{}
	for _, s := range x.all() {
		detail[s.String()] = s.detail()
	}
	return detail
}
