package hand

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/sync/plan"
)

// apiOf is the API of a kind that is read raw here, or written.
func apiOf(kind string) schema.GroupVersionKind {
	api := map[string]string{store.KindSecretProviderClass: store.SecretProviderClassAPI, store.KindSecretSync: store.SecretSyncAPI,
		store.KindSecret: store.SecretAPI, store.KindConnectorStore: store.ConnectorStoreAPI}[kind]
	return schema.FromAPIVersionAndKind(api, kind)
}

// get reads an object as it stands; nil where it, or its kind, does not exist.
func (h *Hand) get(ctx context.Context, kind, namespace, name string) (*unstructured.Unstructured, error) {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(apiOf(kind))
	switch err := h.opt.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, u); {
	case apierrors.IsNotFound(err), meta.IsNoMatchError(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read %s %s/%s: %w", kind, namespace, name, err)
	}
	return u, nil
}

// parse is the object as the judge sees it.
func parse(u *unstructured.Unstructured) (*store.Object, error) {
	raw, err := u.MarshalJSON()
	if err != nil {
		return nil, errors.New("encode an object of the API server") // its error may show what it could not encode
	}
	o, err := store.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("parse %s %s/%s: %w", u.GetKind(), u.GetNamespace(), u.GetName(), err)
	}
	return o, nil
}

// conflicts bounds how often a change is tried again because somebody else changed the
// object meanwhile.
const conflicts = 5

// edit changes an object that is there: change is given a fresh copy, tells whether
// anything is left to do, and is asked again after a conflict. It reads and writes what it
// must and no more, so that others' changes stay.
func (h *Hand) edit(ctx context.Context, kind, namespace, name string, change func(*unstructured.Unstructured) (bool, error)) error {
	var conflict error
	for range conflicts {
		u, err := h.get(ctx, kind, namespace, name)
		if err != nil {
			return err
		}
		if u == nil {
			return fmt.Errorf("%s %s/%s is gone: plan again", kind, namespace, name)
		}
		before := u.DeepCopy()
		changed, err := change(u)
		if err != nil || !changed {
			return err
		}
		patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
		if conflict = h.opt.Client.Patch(ctx, u, patch, client.FieldOwner(Manager)); !apierrors.IsConflict(conflict) {
			return said(conflict)
		}
	}
	return fmt.Errorf("%s %s/%s is changed by somebody else all the time: %w", kind, namespace, name, conflict)
}

// said is the API server's refusal, bounded: a webhook's answer has many lines. It never
// holds a value.
func said(err error) error {
	if err == nil {
		return nil
	}
	if text := []rune(err.Error()); len(text) > maxSaid {
		return fmt.Errorf("%s…", string(text[:maxSaid]))
	}
	return err
}

// maxSaid is what a webhook's denial has, and some more.
const maxSaid = 4500

// The texts and lists that are edited.

func objectsText(u *unstructured.Unstructured) string {
	text, _, _ := unstructured.NestedString(u.Object, "spec", "parameters", "objects")
	return text
}

func setObjectsText(u *unstructured.Unstructured, text string) error {
	return unstructured.SetNestedField(u.Object, text, "spec", "parameters", "objects")
}

func mappingsOf(u *unstructured.Unstructured) []store.Mapping {
	list, _, _ := unstructured.NestedSlice(u.Object, "spec", "secretObject", "data")
	out := make([]store.Mapping, 0, len(list))
	for _, v := range list {
		m, _ := v.(map[string]any)
		source, _ := m["sourcePath"].(string)
		target, _ := m["targetKey"].(string)
		out = append(out, store.Mapping{SourcePath: source, TargetKey: target})
	}
	return out
}

func setMappings(u *unstructured.Unstructured, all []store.Mapping) error {
	list := make([]any, len(all))
	for i, m := range all {
		list[i] = map[string]any{"sourcePath": m.SourcePath, "targetKey": m.TargetKey}
	}
	return unstructured.SetNestedSlice(u.Object, list, "spec", "secretObject", "data")
}

// managersOf are the field managers of each key of a Secret.
func managersOf(u *unstructured.Unstructured) map[string][]string {
	out := map[string][]string{}
	for _, m := range u.GetManagedFields() {
		if m.FieldsV1 == nil || m.Subresource != "" {
			continue
		}
		for _, key := range plan.OwnedKeys(m.FieldsV1.GetRawBytes()) {
			if !slices.Contains(out[key], m.Manager) {
				out[key] = append(out[key], m.Manager)
			}
		}
	}
	return out
}

// world is the cluster as it would be: some objects are others, or gone.
type world struct {
	review.Peers
	changed map[store.ID]*store.Object // by kind, namespace and name; nil for gone
}

func newWorld(p review.Peers) *world { return &world{p, map[store.ID]*store.Object{}} }

func idOf(kind, namespace, name string) store.ID {
	return store.ID{Kind: kind, Namespace: namespace, Name: name}
}

func (w *world) put(o *store.Object) {
	w.changed[idOf(o.ID.Kind, o.ID.Namespace, o.ID.Name)] = o
}

func (w *world) remove(kind, namespace, name string) { w.changed[idOf(kind, namespace, name)] = nil }

// gone reports whether the plan takes an object away.
func (w *world) gone(kind, namespace, name string) bool {
	o, changed := w.changed[idOf(kind, namespace, name)]
	return changed && o == nil
}

func (w *world) Get(ctx context.Context, kind, namespace, name string) (*store.Object, error) {
	o, changed := w.changed[idOf(kind, namespace, name)]
	switch {
	case !changed:
		return w.Peers.Get(ctx, kind, namespace, name)
	case o == nil:
		return nil, fmt.Errorf("%s %s/%s: %w", kind, namespace, name, store.ErrNotFound)
	}
	return o, nil
}

func (w *world) List(ctx context.Context, kind, namespace string) ([]*store.Object, error) {
	all, err := w.Peers.List(ctx, kind, namespace)
	if err != nil {
		return nil, err
	}
	out := slices.DeleteFunc(slices.Clone(all), func(o *store.Object) bool {
		_, changed := w.changed[idOf(kind, namespace, o.ID.Name)]
		return changed
	})
	for id, o := range w.changed {
		if o != nil && id.Kind == kind && id.Namespace == namespace {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(a, b *store.Object) int { return strings.Compare(a.ID.Name, b.ID.Name) })
	return out, nil
}
