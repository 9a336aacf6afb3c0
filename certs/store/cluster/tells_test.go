package cluster_test

import (
	"context"
	"testing"
	"time"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/store/cluster"
)

// Who asked is told of what there is, and of every change, and sees it then.
func TestIndexTells(t *testing.T) {
	installKinds(t)
	ns := srv.Namespace(t)
	told := make(chan string, 100)
	x, err := cluster.NewIndex(srv.Config, cluster.Options{Inventory: store.Inventory{Namespaces: []string{ns}}, Changed: func(in string) { told <- in }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- x.Start(ctx) }()
	defer func() { cancel(); <-ended }()
	waitForSync(t, x)
	wait := func(what string, seen func() bool) {
		t.Helper()
		for !seen() {
			select {
			case in := <-told:
				if in != ns {
					t.Errorf("told of a change in %s", in)
				}
			case <-time.After(30 * time.Second):
				t.Fatalf("%s is not told", what)
			}
		}
	}
	there := func() bool { _, err := x.Get(ctx, store.KindSecret, ns, trustList); return err == nil }
	s := secret(ns, trustList, nil)
	create(t, s)
	wait("a new Secret", there)
	if err := srv.Client.Delete(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	wait("its end", func() bool { return !there() })
}
