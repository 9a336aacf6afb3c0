package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/store/cluster"
	"github.com/storewarden/storewarden/cmd/internal/config"
	"github.com/storewarden/storewarden/cmd/internal/report"
	"github.com/storewarden/storewarden/policies/review"
)

// judgeCluster judges what lives in the configured namespaces. Secrets are read
// by name only: the reserved stores, the configured ones, and those of the
// SecretSyncs.
func judgeCluster(ctx context.Context, r *review.Reviewer, c config.Config, kubeconfig string, now time.Time, rep *report.Report, stderr io.Writer) error {
	cfg, err := clusterConfig(kubeconfig)
	if err != nil {
		return err
	}
	cl, err := client.New(cfg, client.Options{})
	if err != nil {
		return fmt.Errorf("connect to the API server: %w", err)
	}
	live := cluster.NewLive(cl)
	var objects []*store.Object
	for _, ns := range c.Namespaces {
		found, err := clusterObjects(ctx, live, c, ns)
		if err != nil {
			return err
		}
		objects = append(objects, found...)
	}
	p := newProgress(stderr, len(objects))
	for _, o := range objects {
		judgeOne(ctx, r, c.Inventory(), review.Request{Operation: review.Audit, Subject: o, Peers: live, Now: now},
			func(string) (string, int) { return "", 0 }, rep)
		p.step()
	}
	p.done()
	return nil
}

func clusterObjects(ctx context.Context, live *cluster.Live, c config.Config, ns string) ([]*store.Object, error) {
	var objects []*store.Object
	names := store.ReservedNames()
	for _, s := range c.Stores {
		if s.Namespace == ns {
			names = append(names, s.Name)
		}
	}
	for _, kind := range []string{store.KindSecretProviderClass, store.KindSecretSync, store.KindConnectorStore, store.KindDevice, store.KindConnectorTemplate, store.KindCertificate} {
		found, err := live.List(ctx, kind, ns)
		if err != nil {
			return nil, fmt.Errorf("list %s in %s: %w", kind, ns, err)
		}
		for _, o := range found {
			if o.Sync != nil {
				names = append(names, o.ID.Name)
			}
		}
		objects = append(objects, found...)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		o, err := live.Get(ctx, store.KindSecret, ns, name)
		switch {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			return nil, fmt.Errorf("read Secret %s/%s: %w", ns, name, err)
		default:
			objects = append(objects, o)
		}
	}
	return objects, nil
}
