package serving

import (
	"bytes"
	"cmp"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/webhook"
)

// Registrar registers the webhook at the API server, and keeps it so. The webhook does
// that itself, for three reasons: nothing is registered before somebody answers, what the
// API server matches follows the configuration that the webhook judges by, and it trusts
// the serving certificate at every moment.
type Registrar struct {
	Client client.Client
	// Of is what to register; its Client has no CA.
	Of webhook.Registration
	// Owner is a ClusterRole of the installation: what is registered goes with it. "" for
	// none.
	Owner string
	Now   func() time.Time

	done done
}

// done is what was registered last.
type done struct {
	at      time.Time
	ca      string
	version string // of the validating configuration
}

// again is how long the registration is taken for whole while the validating
// configuration stands as it was written: the rest of it is looked at then.
const again = time.Minute

// ErrNoEndpoint is returned while the webhook's Service has no ready endpoint: what is
// registered now would refuse all that it guards.
var ErrNoEndpoint = errors.New("the webhook's Service has no ready endpoint yet; the webhook is registered when it has")

// Trust registers the webhook so that the API server trusts the pair, and what it trusted
// before. Where nothing is registered yet, that waits for an endpoint.
func (r *Registrar) Trust(ctx context.Context, p Pair) error {
	for try := 1; ; try++ {
		// Another replica registered what it trusts after we had looked: look again.
		if err := r.trust(ctx, p); !apierrors.IsConflict(err) || try == tries {
			return err
		}
	}
}

// tries bounds how often a registration is begun anew.
const tries = 5

func (r *Registrar) trust(ctx context.Context, p Pair) error {
	live := &admissionregistrationv1.ValidatingWebhookConfiguration{}
	err := r.Client.Get(ctx, client.ObjectKey{Name: webhook.Name}, live)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("register the webhook: %w", err)
	}
	if err != nil {
		if err := r.reachable(ctx); err != nil {
			return err
		}
	}
	if live.ResourceVersion != "" && live.ResourceVersion == r.done.version && string(p.CA) == r.done.ca && r.Now().Sub(r.done.at) < again {
		return nil
	}
	reg := r.Of
	var trusted []byte
	for _, w := range live.Webhooks {
		trusted = append(trusted, w.ClientConfig.CABundle...)
	}
	reg.Client.CABundle = r.bundle(p.CA, trusted)
	owners, err := r.owners(ctx)
	if err != nil {
		return err
	}
	policy, binding := webhook.Trace(reg.Inventory)
	// Whoever writes into a store must find the mutating webhook before the one that
	// refuses what nobody held back.
	version := ""
	validating := reg.Validating()
	validating.ResourceVersion = cmp.Or(live.ResourceVersion, none)
	for _, o := range []client.Object{policy, binding, reg.Mutating(), validating} {
		if version, err = r.apply(ctx, o, owners); err != nil {
			return fmt.Errorf("register the webhook: %w", err)
		}
	}
	r.done = done{r.Now(), string(p.CA), version}
	return nil
}

// apply makes an object what it shall be, and returns its version.
func (r *Registrar) apply(ctx context.Context, o client.Object, owners []metav1.OwnerReference) (version string, err error) {
	o.SetOwnerReferences(owners)
	raw, err := json.Marshal(o)
	if err != nil {
		return "", err
	}
	u := &unstructured.Unstructured{}
	if err := json.Unmarshal(raw, &u.Object); err != nil {
		return "", err
	}
	unstructured.RemoveNestedField(u.Object, "status")
	unstructured.RemoveNestedField(u.Object, "metadata", "creationTimestamp")
	err = r.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(u), client.FieldOwner(Manager), client.ForceOwnership)
	return u.GetResourceVersion(), err
}

func (r *Registrar) owners(ctx context.Context) ([]metav1.OwnerReference, error) {
	if r.Owner == "" {
		return nil, nil
	}
	role := &rbacv1.ClusterRole{}
	if err := r.Client.Get(ctx, client.ObjectKey{Name: r.Owner}, role); err != nil {
		return nil, fmt.Errorf("register the webhook: owner: %w", err)
	}
	return []metav1.OwnerReference{{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "ClusterRole", Name: r.Owner, UID: role.UID}}, nil
}

// reachable asks whether the Service has a ready endpoint.
func (r *Registrar) reachable(ctx context.Context) error {
	service := r.Of.Client.Service
	if service == nil {
		return nil // by URL: we listen
	}
	slices := &discoveryv1.EndpointSliceList{}
	if err := r.Client.List(ctx, slices, client.InNamespace(service.Namespace), client.MatchingLabels{discoveryv1.LabelServiceName: service.Name}); err != nil {
		return fmt.Errorf("look for the webhook's endpoints: %w", err)
	}
	for _, s := range slices.Items {
		for _, e := range s.Endpoints {
			if e.Conditions.Ready != nil && *e.Conditions.Ready {
				return nil
			}
		}
	}
	return ErrNoEndpoint
}

// maxTrusted bounds the bundle: the current CA, and those of replicas that have not seen
// it yet.
const maxTrusted = 4

// bundle is the current CA and, until they end, those that were trusted before.
func (r *Registrar) bundle(current, before []byte) []byte {
	order := func(a, b *x509.Certificate) int {
		return cmp.Or(b.NotBefore.Compare(a.NotBefore), bytes.Compare(a.Raw, b.Raw))
	}
	all := parse(current)
	old := slices.DeleteFunc(parse(before), func(c *x509.Certificate) bool {
		return !r.Now().Before(c.NotAfter) || slices.ContainsFunc(all, c.Equal)
	})
	slices.SortFunc(old, order)
	old = slices.CompactFunc(old, (*x509.Certificate).Equal)
	all = append(all, old[:min(len(old), maxTrusted-1)]...)
	slices.SortFunc(all, order) // replicas that serve different pairs for a while write the same
	var out bytes.Buffer
	for _, c := range all {
		_ = pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}) // a buffer takes it
	}
	return out.Bytes()
}

func parse(text []byte) []*x509.Certificate {
	var out []*x509.Certificate
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return out
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			out = append(out, c)
		}
	}
}
