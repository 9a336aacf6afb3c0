package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"github.com/storewarden/storewarden/certs/store"
)

// Options say what an Index watches.
type Options struct {
	// Inventory names the namespaces and the stores.
	Inventory store.Inventory
}

// Index keeps the guarded objects in memory, parsed once each. It is safe for
// concurrent use; what it returns is shared and read-only.
type Index struct {
	client  dynamic.Interface
	watches []*scope

	mu      sync.RWMutex
	objects map[key]*store.Object
	broken  map[key]error // an object that could not be parsed is not absent
}

type key struct{ kind, namespace, name string }

// scope is one watch: a kind in a namespace, of one name for Secrets.
type scope struct {
	index           *Index
	kind, namespace string
	name            string // "" watches all of the kind
	resource        schema.GroupVersionResource

	synced bool // guarded by the index's lock
}

var resources = map[string]string{store.KindSecretProviderClass: "secretproviderclasses",
	store.KindSecretSync: "secretsyncs", store.KindSecret: "secrets"}

// NewIndex makes an index; Start fills it.
func NewIndex(cfg *rest.Config, opt Options) (*Index, error) {
	c, err := dynamic.NewForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	x := &Index{client: c, objects: map[key]*store.Object{}, broken: map[key]error{}}
	for _, ns := range opt.Inventory.Namespaces {
		x.watch(store.KindSecretProviderClass, ns, "")
		x.watch(store.KindSecretSync, ns, "")
		for _, name := range store.ReservedNames() {
			x.watch(store.KindSecret, ns, name)
		}
	}
	for _, s := range opt.Inventory.Stores {
		if !slices.ContainsFunc(x.watches, func(w *scope) bool { return w.namespace == s.Namespace && w.name == s.Name }) {
			x.watch(store.KindSecret, s.Namespace, s.Name)
		}
	}
	return x, nil
}

func (x *Index) watch(kind, namespace, name string) {
	gvk := kindOf(kind)
	x.watches = append(x.watches, &scope{index: x, kind: kind, namespace: namespace, name: name,
		resource: gvk.GroupVersion().WithResource(resources[kind])})
}

// Start watches until the context ends. A watch that fails is tried again with
// the client's own backoff.
func (x *Index) Start(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, s := range x.watches {
		wg.Go(func() {
			r := cache.NewReflectorWithOptions(s.listWatch(), &unstructured.Unstructured{}, s, cache.ReflectorOptions{Name: "storewarden " + s.kind + " " + s.namespace + "/" + s.name})
			r.RunWithContext(ctx)
		})
	}
	wg.Wait()
	return nil
}

// Synced reports whether every watch has told what there is. A kind that the
// cluster does not have counts: there is none of it.
func (x *Index) Synced() bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return !slices.ContainsFunc(x.watches, func(s *scope) bool { return !s.synced })
}

var errNotSynced = errors.New("the watches have not told yet what there is")

// Get returns an object from memory. A Secret that is not watched is unknown,
// which is not the same as absent.
func (x *Index) Get(_ context.Context, kind, namespace, name string) (*store.Object, error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	k := key{kind, namespace, name}
	if o, ok := x.objects[k]; ok {
		return o, nil
	}
	if err, ok := x.broken[k]; ok {
		return nil, err
	}
	for _, s := range x.watches {
		if s.kind == kind && s.namespace == namespace && (s.name == "" || s.name == name) {
			if !s.synced {
				return nil, errNotSynced
			}
			return nil, store.ErrNotFound
		}
	}
	return nil, fmt.Errorf("%s %s/%s is not watched", kind, namespace, name)
}

// List returns the objects of a kind in a namespace, by name.
func (x *Index) List(_ context.Context, kind, namespace string) ([]*store.Object, error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	watched := false
	for _, s := range x.watches {
		if s.kind == kind && s.namespace == namespace && s.name == "" {
			if !s.synced {
				return nil, errNotSynced
			}
			watched = true
		}
	}
	if !watched {
		return nil, fmt.Errorf("all %s of %s are not watched", kind, namespace)
	}
	var out []*store.Object
	for k, o := range x.objects {
		if k.kind == kind && k.namespace == namespace {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(a, b *store.Object) int { return cmp.Compare(a.ID.Name, b.ID.Name) })
	return out, nil
}

func (s *scope) listWatch() *cache.ListWatch {
	client := s.index.client.Resource(s.resource).Namespace(s.namespace)
	narrow := func(o *metav1.ListOptions) {
		if s.name != "" {
			o.FieldSelector = fields.OneTermEqualSelector("metadata.name", s.name).String()
		}
	}
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			narrow(&o)
			list, err := client.List(ctx, o)
			if apierrors.IsNotFound(err) {
				s.settle(nil) // the cluster does not have the kind
			}
			return list, err
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			narrow(&o)
			return client.Watch(ctx, o)
		},
	}
}

// The rest is what a reflector needs of a store.

func (s *scope) Add(obj any) error    { return s.Update(obj) }
func (s *scope) Resync() error        { return nil }
func (s *scope) Delete(obj any) error { return s.change(obj, true) }
func (s *scope) Update(obj any) error { return s.change(obj, false) }

// Replace takes what a list told.
func (s *scope) Replace(list []any, _ string) error {
	s.settle(list)
	return nil
}

func (s *scope) settle(list []any) {
	x := s.index
	x.mu.Lock()
	defer x.mu.Unlock()
	for k := range x.objects {
		if s.covers(k) {
			delete(x.objects, k)
		}
	}
	for k := range x.broken {
		if s.covers(k) {
			delete(x.broken, k)
		}
	}
	for _, obj := range list {
		s.put(obj)
	}
	s.synced = true
}

func (s *scope) covers(k key) bool {
	return k.kind == s.kind && k.namespace == s.namespace && (s.name == "" || s.name == k.name)
}

func (s *scope) change(obj any, gone bool) error {
	s.index.mu.Lock()
	defer s.index.mu.Unlock()
	if !gone {
		s.put(obj)
		return nil
	}
	if u, ok := obj.(*unstructured.Unstructured); ok {
		k := key{s.kind, u.GetNamespace(), u.GetName()}
		delete(s.index.objects, k)
		delete(s.index.broken, k)
	}
	return nil
}

// put parses an object under the index's lock; events of guarded objects are
// rare.
func (s *scope) put(obj any) {
	u, ok := obj.(*unstructured.Unstructured)
	if !ok {
		return
	}
	k := key{s.kind, u.GetNamespace(), u.GetName()}
	o, err := parse(u)
	if err != nil {
		delete(s.index.objects, k)
		s.index.broken[k] = err
		return
	}
	delete(s.index.broken, k)
	s.index.objects[k] = o
}
