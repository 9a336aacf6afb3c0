package serving_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/test/certtest"
	"github.com/storewarden/storewarden/webhook/serving"
)

// meets lets all its users look before any of them writes.
type meets struct {
	client.Client
	looked *sync.WaitGroup
}

func (m meets) Get(ctx context.Context, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	err := m.Client.Get(ctx, key, o, opts...)
	m.looked.Done()
	m.looked.Wait()
	return err
}

// Of two replicas that find no Secret at the same time one pair is served.
func TestFirstPairOfTwoReplicas(t *testing.T) {
	var looked sync.WaitGroup
	looked.Add(2)
	s := ofSelf(t, time.Now)
	s.Client = meets{srv.Client, &looked}
	var got [2]serving.Pair
	var errs [2]error
	var done sync.WaitGroup
	for i := range got {
		done.Go(func() { got[i], errs[i] = s.Pair(t.Context()) })
	}
	done.Wait()
	if errs[0] != nil && errs[1] != nil {
		t.Errorf("neither has a pair: %v", errs)
	}
	if errs[0] == nil && errs[1] == nil && got[0].Thumbprint() != got[1].Thumbprint() {
		t.Error("both believe that their own pair is kept, and serve it")
	}
}

// before runs once before the validating configuration is applied.
type before struct {
	client.Client
	run *func()
}

func (b before) Apply(ctx context.Context, o runtime.ApplyConfiguration, opts ...client.ApplyOption) error {
	if k, ok := o.(interface{ GetKind() string }); ok && k.GetKind() == "ValidatingWebhookConfiguration" && *b.run != nil {
		run := *b.run
		*b.run = nil
		run()
	}
	return b.Client.Apply(ctx, o, opts...)
}

// A replica that has not seen a new CA yet does not take it out of the registration.
func TestTwoRegistrars(t *testing.T) {
	one := registrar(t)
	ns := one.Of.Client.Service.Namespace
	slice := &discoveryv1.EndpointSlice{AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints: []discoveryv1.Endpoint{{Addresses: []string{"10.1.2.3"}, Conditions: discoveryv1.EndpointConditions{Ready: new(true)}}}}
	slice.Namespace, slice.Name, slice.Labels = ns, "w-1", map[string]string{discoveryv1.LabelServiceName: "w"}
	must(t, srv.Client.Create(t.Context(), slice))
	ca := func(name string) serving.Pair {
		return serving.Pair{CA: certtest.Must(certtest.NewCA(certtest.Options{CommonName: name, KeyName: name}))(t).PEM()}
	}
	old, renewed := ca("old"), ca("renewed")
	must(t, one.Trust(t.Context(), old))
	two := &serving.Registrar{Client: srv.Client, Owner: one.Owner, Now: one.Now, Of: one.Of}
	must(t, two.Trust(t.Context(), old))
	run := func() { must(t, two.Trust(t.Context(), renewed)) } // two has renewed the pair, and serves it a second later
	one.Client = before{srv.Client, &run}
	later := certtest.Epoch().Add(2 * time.Minute)
	one.Now = func() time.Time { return later }
	err := one.Trust(t.Context(), old)
	if run != nil {
		t.Fatal("the two did not meet")
	}
	for _, w := range registered(t).Webhooks {
		if !strings.Contains(string(w.ClientConfig.CABundle), string(renewed.CA)) {
			t.Errorf("%s does not trust what the second replica serves (the first was told %v)", w.Name, err)
		}
	}
}
