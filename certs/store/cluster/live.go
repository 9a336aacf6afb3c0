// Package cluster reads the objects of package store from a Kubernetes API
// server: Live asks it now, Index keeps what its watches told. Both name the
// Secrets they want; neither ever lists or watches the Secrets of a namespace.
package cluster

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/store"
)

// Live reads through the API at every call.
type Live struct{ reader client.Reader }

// NewLive reads through a client without a cache.
func NewLive(reader client.Reader) *Live { return &Live{reader} }

func kindOf(kind string) schema.GroupVersionKind {
	api := map[string]string{store.KindSecretProviderClass: store.SecretProviderClassAPI,
		store.KindSecretSync: store.SecretSyncAPI, store.KindSecret: store.SecretAPI}[kind]
	return schema.FromAPIVersionAndKind(api, kind)
}

// Get reads one object; store.ErrNotFound also where its kind does not exist in
// the cluster.
func (l *Live) Get(ctx context.Context, kind, namespace, name string) (*store.Object, error) {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(kindOf(kind))
	err := l.reader.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, u)
	switch {
	case apierrors.IsNotFound(err), meta.IsNoMatchError(err):
		return nil, store.ErrNotFound
	case err != nil:
		return nil, fmt.Errorf("read %s %s/%s: %w", kind, namespace, name, err)
	}
	return parse(u)
}

// List reads all objects of a kind in a namespace, none where the kind does not
// exist. It refuses Secrets: they are read by name.
func (l *Live) List(ctx context.Context, kind, namespace string) ([]*store.Object, error) {
	if kind == store.KindSecret {
		return nil, fmt.Errorf("list %s: Secrets are read by name only", kind)
	}
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(kindOf(kind))
	err := l.reader.List(ctx, list, client.InNamespace(namespace))
	switch {
	case apierrors.IsNotFound(err), meta.IsNoMatchError(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("list %s in %s: %w", kind, namespace, err)
	}
	out := make([]*store.Object, 0, len(list.Items))
	for i := range list.Items {
		o, err := parse(&list.Items[i])
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

func parse(u *unstructured.Unstructured) (*store.Object, error) {
	raw, err := u.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("read %s %s/%s: %w", u.GetKind(), u.GetNamespace(), u.GetName(), err)
	}
	o, err := store.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("read %s %s/%s: %w", u.GetKind(), u.GetNamespace(), u.GetName(), err)
	}
	return o, nil
}
