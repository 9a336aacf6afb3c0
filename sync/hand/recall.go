package hand

import (
	"context"
	"sync"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/policies/review"
)

// recall answers each question about other objects once: the reviews of one look at the
// cluster ask the same ones over and over, and must get one answer.
type recall struct {
	peers review.Peers

	mu     sync.Mutex
	got    map[store.ID]told[*store.Object]
	listed map[store.ID]told[[]*store.Object]
}

type told[T any] struct {
	answer T
	err    error
}

func newRecall(p review.Peers) *recall {
	return &recall{peers: p, got: map[store.ID]told[*store.Object]{}, listed: map[store.ID]told[[]*store.Object]{}}
}

func (r *recall) Get(ctx context.Context, kind, namespace, name string) (*store.Object, error) {
	return once(r, r.got, idOf(kind, namespace, name), func() (*store.Object, error) { return r.peers.Get(ctx, kind, namespace, name) })
}

func (r *recall) List(ctx context.Context, kind, namespace string) ([]*store.Object, error) {
	return once(r, r.listed, idOf(kind, namespace, ""), func() ([]*store.Object, error) { return r.peers.List(ctx, kind, namespace) })
}

func once[T any](r *recall, known map[store.ID]told[T], id store.ID, ask func() (T, error)) (T, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t, ok := known[id]
	if !ok {
		t.answer, t.err = ask()
		known[id] = t
	}
	return t.answer, t.err
}
