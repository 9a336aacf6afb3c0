// Package sse plays the sync controller of the secret store extension, which is closed
// source, as far as its writes are known: it makes the Secret of a SecretSync's name by
// forced server-side apply under its own field manager, with its label and an owner
// reference, from what the SecretProviderClass's vault holds at that moment.
package sse

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/decode"
	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault"
)

// Manager is its field manager.
const Manager = "secrets-store-sync-controller"

// Controller plays it.
type Controller struct {
	Client client.Client
	Vault  vault.Reader
}

// Sync makes one pass over a SecretSync. As the original, it stops at the first secret
// that it cannot get, and then writes nothing.
func (c Controller) Sync(ctx context.Context, namespace, name string) error {
	sync, err := c.get(ctx, schema.GroupVersionKind{Group: "secret-sync.x-k8s.io", Version: "v1alpha1", Kind: store.KindSecretSync}, namespace, name)
	if err != nil {
		return err
	}
	parsed, err := parse(sync)
	if err != nil {
		return err
	}
	class, err := c.get(ctx, schema.GroupVersionKind{Group: "secrets-store.csi.x-k8s.io", Version: "v1", Kind: store.KindSecretProviderClass}, namespace, parsed.Sync.ProviderClass)
	if err != nil {
		return err
	}
	spc, err := parse(class)
	if err != nil {
		return err
	}
	data := map[string]any{}
	for _, m := range parsed.Sync.Mappings {
		i := slices.IndexFunc(spc.SPC.Objects.Entries, func(e store.Entry) bool { return e.Produces(m.SourcePath) })
		if i < 0 {
			return fmt.Errorf("SecretProviderClass %s offers no %s", class.GetName(), m.SourcePath)
		}
		e := spc.SPC.Objects.Entries[i]
		s, err := c.Vault.Get(ctx, vault.Ref{Vault: spc.SPC.Vault.Value, Name: e.Name, Version: e.Version})
		if err != nil {
			return err
		}
		enc, _ := decode.ParseEncoding(e.Encoding)
		raw, err := decode.Outer(s.Value.Reveal(), enc)
		if err != nil {
			return err
		}
		data[m.TargetKey] = base64.StdEncoding.EncodeToString(raw)
	}
	u := &unstructured.Unstructured{Object: map[string]any{"type": "Opaque", "data": data}}
	u.SetGroupVersionKind(schema.GroupVersionKind{Version: "v1", Kind: store.KindSecret})
	u.SetNamespace(namespace)
	u.SetName(name)
	u.SetLabels(map[string]string{store.SyncLabel: ""})
	if err := unstructured.SetNestedSlice(u.Object, []any{map[string]any{"apiVersion": store.SecretSyncAPI, "kind": store.KindSecretSync,
		"name": name, "uid": string(sync.GetUID())}}, "metadata", "ownerReferences"); err != nil {
		return err
	}
	return c.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(u), client.FieldOwner(Manager), client.ForceOwnership)
}

func (c Controller) get(ctx context.Context, kind schema.GroupVersionKind, namespace, name string) (*unstructured.Unstructured, error) {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(kind)
	if err := c.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, u); err != nil {
		return nil, fmt.Errorf("read %s %s: %w", kind.Kind, name, err)
	}
	return u, nil
}

func parse(u *unstructured.Unstructured) (*store.Object, error) {
	raw, err := u.MarshalJSON()
	if err != nil {
		return nil, err
	}
	return store.Parse(raw)
}
