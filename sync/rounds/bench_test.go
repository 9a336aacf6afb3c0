package rounds_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/sync/rounds"
	"github.com/storewarden/storewarden/test/certtest"
)

// full is a memory with stores of certificates.
type full map[string]*store.Object

// Get implements review.Peers.
func (f full) Get(_ context.Context, kind, _, name string) (*store.Object, error) {
	if o, ok := f[kind+"/"+name]; ok {
		return o, nil
	}
	return nil, store.ErrNotFound
}

// Lost implements rounds.Peers.
func (full) Lost(string) map[string]error { return nil }

// List implements review.Peers.
func (full) List(context.Context, string, string) ([]*store.Object, error) { return nil, nil }

// BenchmarkRound is a round over 100 stores of 20 certificates each, as an operation.
func BenchmarkRound(b *testing.B) {
	e, err := rules()
	if err != nil {
		b.Fatal(err)
	}
	inventory, peers := store.Inventory{Namespaces: []string{"plant"}}, full{}
	for i := range 100 {
		s := &store.Secret{Type: "Opaque", Data: map[string]store.Value{}}
		for k := range 20 {
			c, err := certtest.SelfSigned(certtest.Options{CommonName: fmt.Sprintf("m%d-%d", i, k), Key: certtest.RSA2048, KeyName: "m"})
			if err != nil {
				b.Fatal(err)
			}
			key := fmt.Sprintf("m%02d.der", k)
			s.Keys, s.Data[key] = append(s.Keys, key), c.DER
		}
		name := fmt.Sprintf("list-%d", i)
		inventory.Stores = append(inventory.Stores, store.Named{Namespace: "plant", Name: name, Role: store.RoleTrust})
		peers[store.KindSecret+"/"+name] = &store.Object{ID: store.ID{APIVersion: "v1", Kind: store.KindSecret, Namespace: "plant", Name: name}, Secret: s}
	}
	judge, err := review.New(review.Options{Engine: e, Inventory: inventory})
	if err != nil {
		b.Fatal(err)
	}
	made := make(chan rounds.Round)
	r, err := rounds.New(rounds.Options{Judge: judge, Peers: peers, Inventory: inventory, Now: time.Now, Settle: time.Nanosecond,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Observe: func(r rounds.Round) { made <- r }})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(b.Context())
	defer stop()
	go func() { _ = r.Run(ctx) }()
	if first := <-made; len(first.Seen) != 100 {
		b.Fatalf("%d stores were seen", len(first.Seen))
	}
	var took time.Duration
	for b.Loop() {
		r.Kick()
		round := <-made
		took += round.Took
	}
	b.ReportMetric(float64(took.Milliseconds())/float64(b.N), "ms/round")
}
