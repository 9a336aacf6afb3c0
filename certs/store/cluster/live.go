// Package cluster reads the objects of package store from a cluster: Live asks
// the API server now, Index answers from memory that watches keep fresh. Both
// answer alike, and neither ever lists or watches all the Secrets of a cluster
// or, in Index, of a namespace: namespaces and names only, so that the rights
// they need stay small.
package cluster

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/store"
)

// Live reads through the API server, at the moment it is asked.
type Live struct {
	reader client.Reader
}

// NewLive wraps a client, which must not read from a cache of its own.
func NewLive(c client.Reader) *Live { return &Live{reader: c} }

// pageSize bounds what one answer holds: a namespace's Secrets, at the
// megabyte that each may have, are not to be in memory at once.
const pageSize = 100

// Get returns the object of the name, or store.ErrNotFound if it, or its kind,
// does not exist.
func (l *Live) Get(ctx context.Context, kind, namespace, name string) (*store.Object, error) {
	gvk, _, err := kindOf(kind)
	if err != nil {
		return nil, err
	}
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(gvk)
	switch err := l.reader.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, u); {
	case isAbsent(err):
		return nil, notFound(kind, namespace, name)
	case err != nil:
		return nil, fmt.Errorf("get %s %s/%s: %w", kind, namespace, name, err)
	}
	return parse(u)
}

// List returns the objects of a kind in a namespace; none if the kind does not
// exist. Of Secrets it returns those that bear the label of a store or of the
// sync controller: the others are not ours to read, and stores known by name
// are there to be got.
func (l *Live) List(ctx context.Context, kind, namespace string) ([]*store.Object, error) {
	gvk, _, err := kindOf(kind)
	if err != nil {
		return nil, err
	}
	if namespace == "" {
		return nil, fmt.Errorf("list %s: a namespace must be named", kind)
	}
	if kind != store.KindSecret {
		return l.list(ctx, gvk, client.InNamespace(namespace))
	}
	var all []*store.Object
	seen := map[string]bool{}
	for _, label := range []string{store.StoreLabel, store.SyncLabel} {
		labelled, err := l.list(ctx, gvk, client.InNamespace(namespace), client.HasLabels{label})
		if err != nil {
			return nil, err
		}
		for _, o := range labelled {
			if !seen[o.ID.Name] {
				seen[o.ID.Name] = true
				all = append(all, o)
			}
		}
	}
	return all, nil
}

func (l *Live) list(ctx context.Context, gvk schema.GroupVersionKind, opts ...client.ListOption) ([]*store.Object, error) {
	var objects []*store.Object
	page := &unstructured.UnstructuredList{}
	for more := true; more; more = page.GetContinue() != "" {
		next := client.Continue(page.GetContinue())
		page = &unstructured.UnstructuredList{}
		page.SetGroupVersionKind(gvk.GroupVersion().WithKind(gvk.Kind + "List"))
		switch err := l.reader.List(ctx, page, append(opts, client.Limit(pageSize), next)...); {
		case isAbsent(err):
			return nil, nil
		case err != nil:
			return nil, fmt.Errorf("list %s: %w", gvk.Kind, err)
		}
		for i := range page.Items {
			o, err := parse(&page.Items[i])
			if err != nil {
				return nil, err
			}
			objects = append(objects, o)
		}
	}
	return objects, nil
}

// kindOf tells how the API names a kind, and where it serves it.
func kindOf(kind string) (schema.GroupVersionKind, schema.GroupVersionResource, error) {
	api, resource := "", ""
	switch kind {
	case store.KindSecretProviderClass:
		api, resource = store.SecretProviderClassAPI, "secretproviderclasses"
	case store.KindSecretSync:
		api, resource = store.SecretSyncAPI, "secretsyncs"
	case store.KindSecret:
		api, resource = store.SecretAPI, "secrets"
	default:
		return schema.GroupVersionKind{}, schema.GroupVersionResource{}, fmt.Errorf("%q is %w", kind, store.ErrOtherKind)
	}
	gv, err := schema.ParseGroupVersion(api)
	if err != nil {
		return schema.GroupVersionKind{}, schema.GroupVersionResource{}, fmt.Errorf("parse %s: %w", api, err)
	}
	return gv.WithKind(kind), gv.WithResource(resource), nil
}

// isAbsent also covers a kind whose definition is not installed, which a
// client with a discovery of its own reports in its own way.
func isAbsent(err error) bool { return apierrors.IsNotFound(err) || meta.IsNoMatchError(err) }

func notFound(kind, namespace, name string) error {
	return fmt.Errorf("%s %s/%s: %w", kind, namespace, name, store.ErrNotFound)
}

func parse(u *unstructured.Unstructured) (*store.Object, error) {
	unstructured.RemoveNestedField(u.Object, "metadata", "managedFields") // the bulk of a small object
	raw, err := u.MarshalJSON()
	if err != nil {
		// The error is not passed on: it may show what it could not encode.
		return nil, errors.New("encode an object of the API server")
	}
	o, err := store.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("parse %s %s/%s: %w", u.GetKind(), u.GetNamespace(), u.GetName(), err)
	}
	return o, nil
}
