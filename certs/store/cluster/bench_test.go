package cluster_test

import (
	"context"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/store/cluster"
	"github.com/storewarden/storewarden/test/apiserver"
)

func BenchmarkIndexGet(b *testing.B) {
	s := store.Inventory{Namespaces: []string{apiserver.StoreNamespace}}
	x, err := cluster.NewIndex(srv.Config, cluster.Options{Inventory: s})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	if err := srv.Client.Create(ctx, secret(apiserver.StoreNamespace, trustList, nil)); client.IgnoreAlreadyExists(err) != nil {
		b.Fatal(err)
	}
	go func() { _ = x.Start(ctx) }()
	if !x.WaitForSync(ctx) {
		b.Fatal("not in sync")
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := x.Get(ctx, store.KindSecret, apiserver.StoreNamespace, trustList); err != nil {
			b.Fatal(err)
		}
	}
}
