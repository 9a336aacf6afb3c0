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
	apis, err := servedAs(kind)
	if err != nil {
		return nil, err
	}
	for _, api := range apis {
		u := &unstructured.Unstructured{}
		u.SetGroupVersionKind(api.kind)
		switch err := l.reader.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, u); {
		case isAbsent(err):
		case err != nil:
			return nil, fmt.Errorf("get %s %s/%s: %w", kind, namespace, name, err)
		default:
			return parse(u)
		}
	}
	return nil, notFound(kind, namespace, name)
}

// List returns the objects of a kind in a namespace; none if the kind does not
// exist. Of Secrets it returns those that bear the label of a store or of the
// sync controller: the others are not ours to read, and stores known by name
// are there to be got.
func (l *Live) List(ctx context.Context, kind, namespace string) ([]*store.Object, error) {
	apis, err := servedAs(kind)
	if err != nil {
		return nil, err
	}
	if namespace == "" {
		return nil, fmt.Errorf("list %s: a namespace must be named", kind)
	}
	var all []*store.Object
	if kind != store.KindSecret {
		for _, api := range apis {
			found, err := l.list(ctx, api.kind, client.InNamespace(namespace))
			if err != nil {
				return nil, err
			}
			all = append(all, found...)
		}
		return all, nil
	}
	seen := map[string]bool{}
	for _, label := range []string{store.StoreLabel, store.SyncLabel} {
		labelled, err := l.list(ctx, apis[0].kind, client.InNamespace(namespace), client.HasLabels{label})
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

// served is one way in which the API serves a kind.
type served struct {
	kind     schema.GroupVersionKind
	resource schema.GroupVersionResource
}

// servedAs tells how the API serves a kind: a ConnectorTemplate is of either of
// two groups, and both are looked at.
func servedAs(kind string) ([]served, error) {
	apis, resource := []string{}, ""
	switch kind {
	case store.KindSecretProviderClass:
		apis, resource = []string{store.SecretProviderClassAPI}, "secretproviderclasses"
	case store.KindSecretSync:
		apis, resource = []string{store.SecretSyncAPI}, "secretsyncs"
	case store.KindSecret:
		apis, resource = []string{store.SecretAPI}, "secrets"
	case store.KindDevice:
		apis, resource = []string{store.DeviceAPI}, "devices"
	case store.KindConnectorTemplate:
		apis, resource = []string{store.ConnectorTemplateAPI, store.OldTemplateAPI}, "connectortemplates"
	case store.KindConnectorStore:
		apis, resource = []string{store.ConnectorStoreAPI}, "connectorstores"
	case store.KindCertificate:
		apis, resource = []string{store.CertificateAPI}, "certificates"
	default:
		return nil, fmt.Errorf("%q is %w", kind, store.ErrOtherKind)
	}
	out := make([]served, len(apis))
	for i, api := range apis {
		gv, err := schema.ParseGroupVersion(api)
		if err != nil {
			return nil, fmt.Errorf("parse %s: %w", api, err)
		}
		out[i] = served{gv.WithKind(kind), gv.WithResource(resource)}
	}
	return out, nil
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
