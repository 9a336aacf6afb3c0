package main

import (
	"slices"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/test/certtest"
)

// Deleting what was installed, in any order and with the webhook still running, leaves
// nothing of Storewarden behind that refuses a change: what the webhook registered itself
// is collected with its role.
func TestUninstall(t *testing.T) {
	i := install(t)
	stop, err := i.srv.Collect()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	}()
	i.registers()
	ana := i.person("ana")
	write := func() error { return ana.Create(t.Context(), i.trustList(certtest.Options{}), client.DryRunAll) }
	if err := write(); !apierrors.IsInternalError(err) {
		t.Errorf("a guarded write while the Service does not answer: %v", err)
	}
	for _, o := range slices.Backward(rendered(t, "self-signed")) {
		if err := i.srv.Client.Delete(t.Context(), o); client.IgnoreNotFound(err) != nil {
			t.Fatal(err)
		}
	}
	i.await("guarded writes pass", func() bool { return write() == nil })
	i.await("nothing is left", func() bool { return len(i.left()) == 0 })
}

// left are the objects of Storewarden that the cluster holds.
func (i *installed) left() []string {
	var out []string
	for _, o := range rendered(i.t, "self-signed") {
		if i.srv.Client.Get(i.t.Context(), client.ObjectKeyFromObject(o), o) == nil {
			out = append(out, o.GetKind()+" "+o.GetName())
		}
	}
	for _, kind := range []string{"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"} {
		all := &unstructured.UnstructuredList{}
		all.SetGroupVersionKind(admissionregistrationv1.SchemeGroupVersion.WithKind(kind + "List"))
		if err := i.srv.Client.List(i.t.Context(), all); err != nil {
			i.t.Fatal(err)
		}
		for _, o := range all.Items {
			out = append(out, kind+" "+o.GetName())
		}
	}
	return out
}
