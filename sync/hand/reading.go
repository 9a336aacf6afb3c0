package hand

import (
	"context"
	"fmt"
	"sync"

	"github.com/storewarden/storewarden/certs/vault"
)

// reading reads each vault secret once, for as long as one look or one plan takes: what
// is judged and what is written then are the same value.
type reading struct {
	reader vault.Reader

	mu    sync.Mutex
	known map[vault.Ref]*answer
}

type answer struct {
	once   sync.Once
	secret vault.Secret
	err    error
}

func newReading(r vault.Reader) *reading {
	return &reading{reader: r, known: map[vault.Ref]*answer{}}
}

// Get implements vault.Reader.
func (r *reading) Get(ctx context.Context, ref vault.Ref) (vault.Secret, error) {
	r.mu.Lock()
	a, ok := r.known[ref]
	if !ok {
		a = &answer{}
		r.known[ref] = a
	}
	r.mu.Unlock()
	a.once.Do(func() {
		a.err = fmt.Errorf("get vault secret %s: panicked", ref) // unless it comes back
		a.secret, a.err = r.reader.Get(ctx, ref)
	})
	return a.secret, a.err
}
