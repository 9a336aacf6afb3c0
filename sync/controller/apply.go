package controller

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/sync/plan"
)

// absent is the version of a Secret that is not there: to apply it makes the Secret, but
// conflicts with one that somebody made meanwhile.
const absent = "1"

// apply writes our keys, and nothing else. The uid of the Secret that was seen keeps it
// from making one anew that somebody deleted meanwhile.
func (c *Controller) apply(ctx context.Context, o *Outlook) error {
	data := map[string]any{}
	for key, v := range o.Plan.Data {
		data[key] = base64.StdEncoding.EncodeToString(v)
	}
	name, _, _ := unstructured.NestedString(o.store.Object, "spec", "secretName")
	u := &unstructured.Unstructured{Object: map[string]any{"type": "Opaque", "data": data}}
	u.SetGroupVersionKind(secretKind)
	u.SetNamespace(o.store.GetNamespace())
	u.SetName(name)
	u.SetLabels(map[string]string{store.StoreLabel: string(o.role)})
	u.SetUID(types.UID(o.actual.UID))
	u.SetResourceVersion(cmp.Or(o.version, absent)) // what was written meanwhile is neither taken away nor taken over
	return c.opt.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(u), client.FieldOwner(plan.Manager))
}

// failed says in the condition what became of a write, in words without a value.
func (c *Controller) failed(o *Outlook, err error) {
	reason, message, retry := "ApplyFailed", "the API server did not take the Secret", true
	switch {
	case apierrors.IsRequestEntityTooLargeError(err), hasCause(err, "data", metav1.CauseTypeTooLong):
		reason, message, retry = "TooLarge", "the Secret would exceed 1 MiB; spread its entries over two stores", false
	case apierrors.IsConflict(err), hasCause(err, "metadata.uid", metav1.CauseTypeFieldValueInvalid):
		// Another field manager took a key, or the Secret was deleted or made anew,
		// since it was read.
		reason, message = "Conflict", "the Secret was changed meanwhile; it is read again"
	case apierrors.IsForbidden(err):
		reason, message = "Forbidden", "the API server refuses the write: "+clean(err)
	}
	o.Ready = Condition{Status: metav1.ConditionFalse, Reason: reason, Message: message}
	if retry {
		o.Ready.retry = fmt.Errorf("write Secret of ConnectorStore %s/%s: %s", o.store.GetNamespace(), o.store.GetName(), reason)
	}
	c.opt.Log.Warn("a store was not written", "namespace", o.store.GetNamespace(), "name", o.store.GetName(), "reason", reason)
}

// hasCause reports whether the API server names a field of the object as the cause.
func hasCause(err error, field string, kind metav1.CauseType) bool {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil {
		return false
	}
	return slices.ContainsFunc(status.Status().Details.Causes, func(c metav1.StatusCause) bool { return c.Field == field && c.Type == kind })
}

// clean is the API server's message of a refusal, bounded. It never holds a value:
// policies and webhooks name fields.
func clean(err error) string {
	text := strings.Join(strings.Fields(err.Error()), " ")
	if r := []rune(text); len(r) > 500 {
		text = string(r[:500]) + "…"
	}
	return text
}

// tell raises the event of a write: what changed, and that the connector reads a changed
// store only when its pod starts anew (known issue 6514).
func (c *Controller) tell(o *Outlook) {
	var parts []string
	for _, part := range []struct {
		word string
		keys []string
	}{{"added", o.Plan.Add}, {"changed", o.Plan.Change}, {"removed", o.Plan.Remove}} {
		if len(part.keys) > 0 {
			parts = append(parts, part.word+" "+few(part.keys))
		}
	}
	if len(parts) == 0 {
		return // only ownership
	}
	what := strings.Join(parts, "; ")
	c.opt.Log.Info("a store was written", "namespace", o.store.GetNamespace(), "name", o.store.GetName(), "add", o.Plan.Add, "change", o.Plan.Change, "remove", o.Plan.Remove)
	message := what
	if len(o.Plan.Change)+len(o.Plan.Remove) > 0 {
		message += fmt.Sprintf(". A connector may read it only when its pod starts anew (known issue 6514): kubectl -n %s delete pod CONNECTOR-POD", o.store.GetNamespace())
	}
	c.opt.Event(o.store, false, "Filled", message)
}
