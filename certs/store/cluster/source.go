package cluster

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/cache"

	"github.com/storewarden/storewarden/certs/store"
)

// source is one watch and what it has seen: the objects of one kind, as one API
// group serves it, in one namespace, or the one object of a name. It is the store
// of a reflector, so that each event is parsed once and its raw form let go; an
// informer would keep both.
type source struct {
	api             served
	kind, namespace string
	name            string // "" is every name
	changed         func(namespace string)

	mu         sync.RWMutex
	objects    map[string]*store.Object
	unreadable map[string]error
	list       []*store.Object // sorted by name; replaced on every change, never edited
	trouble    error           // of the last list or watch

	answered chan struct{} // closed once the API server has told what there is
	once     sync.Once
}

func newSource(api served, namespace, name string, changed func(namespace string)) *source {
	return &source{api: api, kind: api.kind.Kind, namespace: namespace, name: name, changed: changed, answered: make(chan struct{})}
}

func (s *source) String() string {
	kind := s.kind
	if s.api.kind.GroupVersion().String() == store.OldTemplateAPI {
		kind += "." + s.api.kind.Group // beside the one of today's group
	}
	if s.name == "" {
		return kind + " " + s.namespace
	}
	return kind + " " + s.namespace + "/" + s.name
}

// The retries of a source: soon after a hiccup, and at most every 10 seconds
// (15 with jitter) where a definition is not installed yet or the API server
// is away, which costs it one cheap request.
const (
	firstRetry = 500 * time.Millisecond
	lastRetry  = 10 * time.Second
)

func retries() *wait.Backoff {
	return &wait.Backoff{Duration: firstRetry, Cap: lastRetry, Factor: 2, Jitter: 0.5,
		Steps: int(math.Ceil(math.Log2(float64(lastRetry) / float64(firstRetry))))}
}

// run watches until the context ends.
func (s *source) run(ctx context.Context, c dynamic.Interface) error {
	resource := c.Resource(s.api.resource).Namespace(s.namespace)
	expected := &unstructured.Unstructured{}
	expected.SetGroupVersionKind(s.api.kind)
	lw := &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			list, err := resource.List(ctx, s.narrow(o))
			s.note(err)
			if err != nil {
				return nil, err // not list: an interface that holds nil is not nil
			}
			return list, nil
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			w, err := resource.Watch(ctx, s.narrow(o))
			s.note(err)
			return w, err
		},
	}
	cache.NewReflectorWithOptions(lw, expected, s, cache.ReflectorOptions{Name: s.String(), Backoff: retries()}).RunWithContext(ctx)
	return nil
}

func (s *source) narrow(o metav1.ListOptions) metav1.ListOptions {
	if s.name != "" {
		o.FieldSelector = fields.OneTermEqualSelector(metav1.ObjectNameField, s.name).String()
	}
	return o
}

// note keeps the outcome of a request. That the kind does not exist is an
// answer: there are no objects of it.
func (s *source) note(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble = err
	if apierrors.IsNotFound(err) {
		s.objects, s.unreadable, s.list = nil, nil, nil
		s.once.Do(func() { close(s.answered) })
	}
}

func (s *source) isAnswered() bool {
	select {
	case <-s.answered:
		return true
	default:
		return false
	}
}

func (s *source) get(name string) (*store.Object, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if o, ok := s.objects[name]; ok {
		return o, nil
	}
	if err, ok := s.unreadable[name]; ok {
		return nil, err
	}
	return nil, notFound(s.kind, s.namespace, name)
}

func (s *source) all() []*store.Object {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clip(s.list)
}

// lost is why what is known may be stale.
func (s *source) lost() error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if !s.isAnswered() || apierrors.IsNotFound(s.trouble) {
		return nil
	}
	return s.trouble
}

func (s *source) detail() string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	switch {
	case apierrors.IsNotFound(s.trouble):
		return "the cluster has no such kind; asking again"
	case s.trouble != nil && s.isAnswered():
		return fmt.Sprintf("objects: %d, perhaps stale: %v", len(s.objects), s.trouble)
	case s.trouble != nil:
		return fmt.Sprintf("not seen yet: %v", s.trouble)
	case !s.isAnswered():
		return "not seen yet"
	case len(s.unreadable) > 0:
		return fmt.Sprintf("objects: %d, and %d that cannot be read", len(s.objects), len(s.unreadable))
	}
	return fmt.Sprintf("objects: %d", len(s.objects))
}

// Add is part of cache.ReflectorStore.
func (s *source) Add(obj any) error { return s.Update(obj) }

// Update is part of cache.ReflectorStore.
func (s *source) Update(obj any) error {
	u, ok := obj.(*unstructured.Unstructured)
	if !ok {
		return fmt.Errorf("watch %s: an object of type %T", s, obj)
	}
	o, err := parse(u)
	defer s.changed(s.namespace) // after the lock is given back: who is told may look
	s.mu.Lock()
	defer s.mu.Unlock()
	s.set(u.GetName(), o, err)
	s.sort()
	return nil
}

// Delete is part of cache.ReflectorStore.
func (s *source) Delete(obj any) error {
	u, ok := obj.(*unstructured.Unstructured)
	if !ok {
		return fmt.Errorf("watch %s: an object of type %T", s, obj)
	}
	defer s.changed(s.namespace)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.objects, u.GetName())
	delete(s.unreadable, u.GetName())
	s.sort()
	return nil
}

// Replace is part of cache.ReflectorStore.
func (s *source) Replace(list []any, _ string) error {
	defer s.changed(s.namespace)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects, s.unreadable = nil, nil
	for _, obj := range list {
		u, ok := obj.(*unstructured.Unstructured)
		if !ok {
			return fmt.Errorf("list %s: an object of type %T", s, obj)
		}
		o, err := parse(u)
		s.set(u.GetName(), o, err)
	}
	s.sort()
	s.once.Do(func() { close(s.answered) })
	return nil
}

// Resync is part of cache.ReflectorStore.
func (s *source) Resync() error { return nil }

func (s *source) set(name string, o *store.Object, err error) {
	delete(s.objects, name)
	delete(s.unreadable, name)
	if err != nil {
		if s.unreadable == nil {
			s.unreadable = map[string]error{}
		}
		s.unreadable[name] = err
		return
	}
	if s.objects == nil {
		s.objects = map[string]*store.Object{}
	}
	s.objects[name] = o
}

func (s *source) sort() {
	s.list = make([]*store.Object, 0, len(s.objects))
	for _, o := range s.objects {
		s.list = append(s.list, o)
	}
	slices.SortFunc(s.list, func(a, b *store.Object) int { return strings.Compare(a.ID.Name, b.ID.Name) })
}
