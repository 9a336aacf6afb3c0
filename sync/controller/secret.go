package controller

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/sync/plan"
)

// actual reads the store's Secret, and says in the condition why it may not be written.
func (c *Controller) actual(ctx context.Context, o *Outlook, ns string, d *store.ConnectorStore) error {
	refuse := func(reason, format string, args ...any) error {
		o.Ready = Condition{Status: metav1.ConditionFalse, Reason: reason, Message: fmt.Sprintf(format, args...)}
		o.vault = Condition{Status: metav1.ConditionUnknown, Reason: "NotAsked"}
		return nil
	}
	if role, reserved := store.Reserved(d.SecretName); reserved && role != d.Role {
		return refuse(reasonNotAStore, "Secret %s is reserved for role %s: set spec.role to it in a new ConnectorStore", d.SecretName, role)
	}
	if twin, err := c.twin(ctx, o.store, d.SecretName); err != nil {
		return err
	} else if twin != "" {
		return refuse(reasonDuplicate, "ConnectorStore %s fills Secret %s already: delete one of the two", twin, d.SecretName)
	}
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(secretKind)
	err := c.opt.Client.Get(ctx, client.ObjectKey{Namespace: ns, Name: d.SecretName}, u)
	switch {
	case apierrors.IsNotFound(err):
		return c.mayCreate(ctx, ns, d, refuse)
	case apierrors.IsForbidden(err): // it does not mend itself, and must not be told as it was
		_ = refuse("Forbidden", "Secret %s may not be read: grant Storewarden's sync \"get\" on it by name", d.SecretName)
		o.Ready.retry = fmt.Errorf("read Secret %s/%s: %w", ns, d.SecretName, err)
		return nil
	case err != nil:
		return fmt.Errorf("read Secret %s/%s: %w", ns, d.SecretName, err)
	}
	_, reserved := store.Reserved(d.SecretName)
	label := u.GetLabels()[store.StoreLabel]
	immutable, _, _ := unstructured.NestedBool(u.Object, "immutable")
	kind, _, _ := unstructured.NestedString(u.Object, "type")
	switch {
	case !reserved && label != string(d.Role):
		return refuse(reasonNotAStore, "Secret %s is not a store: only Secrets that do not exist, or bear the label %s=%s, are filled", d.SecretName, store.StoreLabel, d.Role)
	case label != "" && label != string(d.Role):
		return refuse(reasonNotAStore, "Secret %s bears the label %s=%s, and not %s: correct the one that is wrong", d.SecretName, store.StoreLabel, label, d.Role)
	case immutable:
		return refuse(reasonNotAStore, "Secret %s is marked immutable and cannot be filled: delete it, and it is made anew", d.SecretName)
	case kind != "" && kind != "Opaque":
		return refuse(reasonNotAStore, "Secret %s has type %s, and a store is Opaque: delete it, and it is made anew", d.SecretName, kind)
	case u.GetDeletionTimestamp() != nil:
		return refuse(reasonWaiting, "Secret %s is being deleted; it is made anew afterwards", d.SecretName)
	}
	o.version = u.GetResourceVersion()
	o.actual = plan.Actual{Exists: true, UID: string(u.GetUID()), Data: dataOf(u), Owners: ownersOf(u)}
	return nil
}

// mayCreate lets the sync controller go first where one is to make the Secret: one
// without its label would be refused by it for ever.
func (c *Controller) mayCreate(ctx context.Context, ns string, d *store.ConnectorStore, refuse func(reason, format string, args ...any) error) error {
	sync, err := c.opt.Peers.Get(ctx, store.KindSecretSync, ns, d.SecretName)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("read SecretSync %s/%s: %w", ns, d.SecretName, err)
	case sync.Deleting || slices.ContainsFunc(d.Sources, func(s store.Source) bool { return s.SecretSync != nil && s.SecretSync.Name == d.SecretName }):
		return nil
	}
	return refuse(reasonWaiting, "SecretSync %s is to make the Secret, and has not yet; where no sync controller runs, add a source secretSync with its name", d.SecretName)
}

// dataOf are the values of a Secret.
func dataOf(u *unstructured.Unstructured) map[string]store.Value {
	out := map[string]store.Value{}
	data, _, _ := unstructured.NestedMap(u.Object, "data")
	for key, v := range data {
		text, _ := v.(string)
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			raw = nil // the API server takes nothing else
		}
		out[key] = append(store.Value{}, raw...)
	}
	return out
}

// ownersOf are the field managers of each key of a Secret's data.
func ownersOf(u *unstructured.Unstructured) map[string][]string {
	out := map[string][]string{}
	for _, m := range u.GetManagedFields() {
		if m.FieldsV1 == nil || m.Subresource != "" {
			continue
		}
		for _, key := range plan.OwnedKeys(m.FieldsV1.GetRawBytes()) {
			name := m.Manager
			if name == plan.Manager && m.Operation != metav1.ManagedFieldsOperationApply {
				name += " (not by apply)"
			}
			if !slices.Contains(out[key], name) {
				out[key] = append(out[key], name)
			}
		}
	}
	return out
}
