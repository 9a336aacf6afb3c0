package controller

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// RunOptions say where Run looks.
type RunOptions struct {
	// Watch tells of changes by name alone: no value of a Secret is received for it.
	Watch      metadata.Interface
	Namespaces []string
	Workers    int // default 4
}

// The resources whose changes begin a pass. Secrets are watched by name.
var (
	connectorStores = schema.GroupVersionResource{Group: "storewarden.io", Version: "v1alpha1", Resource: "connectorstores"}
	beside          = []schema.GroupVersionResource{
		{Group: "secrets-store.csi.x-k8s.io", Version: "v1", Resource: "secretproviderclasses"},
		{Group: "secret-sync.x-k8s.io", Version: "v1alpha1", Resource: "secretsyncs"},
	}
	secrets = schema.GroupVersionResource{Version: "v1", Resource: "secrets"}
)

// A pass that failed is made again after a second, then after ever more of them; one
// that was asked for often is made once.
const (
	firstRetry  = time.Second
	lastRetry   = 2 * time.Minute
	passTimeout = time.Minute
)

// loop is one Run.
type loop struct {
	*Controller
	opt   RunOptions
	queue workqueue.TypedRateLimitingInterface[client.ObjectKey]

	mu      sync.Mutex
	known   map[client.ObjectKey]bool
	watched map[client.ObjectKey]bool // Secrets
	ctx     context.Context           //nolint:containedctx // of the watches that begin later
}

// Run makes passes until the context ends: at once for every store, whenever something
// that a store rests on changes, and when time alone changes it. A pass under way is
// brought to its end.
func (c *Controller) Run(ctx context.Context, o RunOptions) error {
	if o.Watch == nil || len(o.Namespaces) == 0 {
		return errors.New("sync: a watch and a namespace are needed")
	}
	if o.Workers == 0 {
		o.Workers = 4
	}
	l := &loop{Controller: c, opt: o, known: map[client.ObjectKey]bool{}, watched: map[client.ObjectKey]bool{}, ctx: ctx,
		queue: workqueue.NewTypedRateLimitingQueue(workqueue.NewTypedItemExponentialFailureRateLimiter[client.ObjectKey](firstRetry, lastRetry))}
	c.mu.Lock()
	c.kick = l.kick
	c.mu.Unlock()
	g, ctx := errgroup.WithContext(ctx)
	for _, ns := range o.Namespaces {
		g.Go(func() error { return l.follow(ctx, connectorStores, ns, "", l.noticed) })
		for _, r := range beside {
			g.Go(func() error {
				return l.follow(ctx, r, ns, "", func(client.ObjectKey) { l.kickNamespace(ns) })
			})
		}
	}
	for range o.Workers {
		g.Go(func() error { l.work(ctx); return nil })
	}
	g.Go(func() error {
		<-ctx.Done()
		l.queue.ShutDown()
		return nil
	})
	return g.Wait()
}

// Kick asks for a pass over every store, for instance since a refresh is done.
func (c *Controller) Kick() {
	c.mu.Lock()
	kick := c.kick
	c.mu.Unlock()
	if kick != nil {
		kick()
	}
}

func (l *loop) kick() { l.kickNamespace("") }

func (l *loop) kickNamespace(ns string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key := range l.known {
		if ns == "" || key.Namespace == ns {
			l.queue.Add(key)
		}
	}
}

func (l *loop) noticed(key client.ObjectKey) {
	l.mu.Lock()
	l.known[key] = true
	l.mu.Unlock()
	l.queue.Add(key)
}

func (l *loop) work(ctx context.Context) {
	for {
		key, shutdown := l.queue.Get()
		if shutdown || ctx.Err() != nil {
			return
		}
		l.pass(ctx, key)
		l.queue.Done(key)
	}
}

// pass is one over one store. It contains a panic: one store's trouble is not all's.
func (l *loop) pass(ctx context.Context, key client.ObjectKey) {
	defer func() {
		if recover() != nil { // its value may be anything
			l.Controller.opt.Log.Error("a pass met a defect of its own", "namespace", key.Namespace, "name", key.Name)
			l.queue.AddRateLimited(key)
		}
	}()
	// What was begun is ended, even when the process is to stop.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), passTimeout)
	defer cancel()
	next, err := l.Sync(ctx, key)
	switch {
	case err != nil:
		l.Controller.opt.Log.Warn("a pass failed, and is made again", "namespace", key.Namespace, "name", key.Name, "error", err)
		l.queue.AddRateLimited(key)
		return
	case next.IsZero():
		l.mu.Lock()
		delete(l.known, key)
		l.mu.Unlock()
	default:
		wait := max(next.Sub(l.Controller.opt.Now()), firstRetry)
		l.queue.AddAfter(key, wait+rand.N(wait/10+1)) // stores do not ask all at once
	}
	l.queue.Forget(key)
	l.watchSecret(key)
}

// watchSecret follows the Secret that a store fills, from its first pass on.
func (l *loop) watchSecret(key client.ObjectKey) {
	name := l.secretOf(key)
	secret := client.ObjectKey{Namespace: key.Namespace, Name: name}
	l.mu.Lock()
	defer l.mu.Unlock()
	if name == "" || l.watched[secret] {
		return
	}
	l.watched[secret] = true
	go func() {
		_ = l.follow(l.ctx, secrets, secret.Namespace, secret.Name, func(client.ObjectKey) { l.kickSecret(secret) })
	}()
}

func (l *loop) kickSecret(secret client.ObjectKey) {
	l.mu.Lock()
	var keys []client.ObjectKey
	for key := range l.known {
		keys = append(keys, key)
	}
	l.mu.Unlock()
	for _, key := range keys {
		if key.Namespace == secret.Namespace && l.secretOf(key) == secret.Name {
			l.queue.Add(key)
		}
	}
}

// follow tells of every change of a resource in a namespace, or of the one object of a
// name, and of what there is at first, until the context ends. What cannot be watched,
// because it is not installed or not permitted, is tried again.
func (l *loop) follow(ctx context.Context, r schema.GroupVersionResource, ns, name string, changed func(client.ObjectKey)) error {
	selector := ""
	if name != "" {
		selector = fields.OneTermEqualSelector(metav1.ObjectNameField, name).String()
	}
	for pause := firstRetry; ; {
		w, err := l.opt.Watch.Resource(r).Namespace(ns).Watch(ctx, metav1.ListOptions{FieldSelector: selector})
		if err == nil {
			pause = firstRetry
			for e := range w.ResultChan() { // begins with what there is; the API server ends it after some minutes
				if o, ok := e.Object.(*metav1.PartialObjectMetadata); ok {
					changed(client.ObjectKey{Namespace: o.GetNamespace(), Name: o.GetName()})
				}
			}
		} else {
			pause = min(2*pause, lastRetry/8)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause/2 + rand.N(pause)):
		}
	}
}
