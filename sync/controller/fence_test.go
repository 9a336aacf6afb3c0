package controller_test

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/store/cluster"
	"github.com/storewarden/storewarden/manifests"
	"github.com/storewarden/storewarden/sync/plan"
	"github.com/storewarden/storewarden/test/apiserver"
	"github.com/storewarden/storewarden/test/certtest"
)

const account = "system:serviceaccount:storewarden:storewarden-sync"

// install applies manifests of the base, once for all tests of this package.
func install(t *testing.T, file string) []*unstructured.Unstructured {
	t.Helper()
	raw, err := manifests.Files.ReadFile(file)
	must(t, err)
	var out []*unstructured.Unstructured
	for doc := range strings.SplitSeq(string(raw), "\n---\n") {
		u := &unstructured.Unstructured{}
		must(t, yamlInto(doc, u))
		if err := srv.Client.Create(t.Context(), u); !apierrors.IsAlreadyExists(err) {
			must(t, err)
		}
		out = append(out, u)
	}
	return out
}

// The loop needs no right beyond those of its manifest, with the fence in place: it
// fills, rotates, removes and tells as its own service account.
func TestRightsAreEnough(t *testing.T) {
	must(t, client.IgnoreAlreadyExists(srv.Client.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "storewarden"}})))
	install(t, "base/sync/rights.yaml")
	install(t, "base/sync/fence.yaml")
	cfg, err := srv.User(account)
	must(t, err)
	cl, err := client.New(cfg, client.Options{})
	must(t, err)
	p := newPlant(t)
	p.ns = apiserver.StoreNamespace
	p.create("apiVersion: secrets-store.csi.x-k8s.io/v1\nkind: SecretProviderClass\nmetadata: {name: spc}\nspec: {provider: azure, parameters: {keyvaultName: " + kvName + "}}")
	p.opt.Inventory = store.Inventory{Namespaces: []string{p.ns}}
	p.opt.Client, p.opt.Peers = cl, cluster.NewLive(cl)
	p.restart()
	press, next, oven := leaf(t, "press", certtest.Options{}), leaf(t, "press", certtest.Options{KeyName: "next"}), leaf(t, "oven", certtest.Options{})
	p.put("press-der", press.DER)
	p.put("oven-der", oven.DER)
	declared := p.declare("trust", "opcua-trust", trust, "{name: press, vaultSecret: {name: press-der}}, {name: oven, vaultSecret: {name: oven-der}}", "  prunePolicy: Delete")
	t.Cleanup(func() {
		for _, o := range []client.Object{declared, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: p.ns, Name: trust}}} {
			_ = srv.Client.Delete(context.Background(), o)
		}
	})
	await(t, "the fence stands", func() bool { // a policy takes a moment to be in force
		u := attack(map[string]any{"a.der": "eA=="})
		u.SetName("elsewhere")
		return apierrors.IsForbidden(cl.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(u), client.FieldOwner(plan.Manager), client.DryRunAll))
	})
	p.pass("trust")
	p.holds(trust, map[string][]byte{"press.der": press.DER, "oven.der": oven.DER})
	p.put("press-der", next.DER)
	p.poll("trust")
	p.change("trust", func(spec map[string]any, _ *unstructured.Unstructured) { spec["sources"] = spec["sources"].([]any)[:1] })
	p.pass("trust")
	p.holds(trust, map[string][]byte{"press.der": next.DER})
	p.want("trust", "Synced press.der:Synced")
}

// attack is a write of the trust list.
func attack(data map[string]any) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{"type": "Opaque", "data": data}}
	u.SetAPIVersion("v1")
	u.SetKind("Secret")
	u.SetNamespace(apiserver.StoreNamespace)
	u.SetName(issuer)
	u.SetLabels(map[string]string{store.StoreLabel: "opcua-issuer"})
	return u
}

// Whoever has the loop's token, and is granted all rights on Secrets beside, stays
// within the fence all the same.
func TestFence(t *testing.T) {
	must(t, client.IgnoreAlreadyExists(srv.Client.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "storewarden"}})))
	install(t, "base/sync/rights.yaml")
	install(t, "base/sync/fence.yaml")
	cfg, err := srv.User(account, "system:masters") // every right that there is
	must(t, err)
	cl, err := client.New(cfg, client.Options{})
	must(t, err)
	ctx := t.Context()
	apply := func(u *unstructured.Unstructured, opts ...client.ApplyOption) error {
		u = u.DeepCopy()
		return cl.Apply(ctx, client.ApplyConfigurationFromUnstructured(u), append([]client.ApplyOption{client.FieldOwner(plan.Manager)}, opts...)...)
	}
	text := base64.StdEncoding.EncodeToString
	good := attack(map[string]any{"ours.der": text([]byte("1"))})
	await(t, "the fence stands", func() bool {
		u := good.DeepCopy()
		u.SetName("elsewhere")
		return apierrors.IsForbidden(apply(u, client.DryRunAll))
	})
	unlabelled := good.DeepCopy()
	unlabelled.SetLabels(nil)
	denied(t, "made without its label", apply(unlabelled), "label")
	must(t, apply(good))
	t.Cleanup(func() { _ = srv.Client.Delete(context.Background(), good) })
	sse := attack(map[string]any{"theirs.der": text([]byte("2"))})
	must(t, srv.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(sse.DeepCopy()), client.FieldOwner("secrets-store-sync-controller"), client.ForceOwnership))
	live := func() *unstructured.Unstructured {
		u := attack(nil)
		must(t, srv.Client.Get(ctx, client.ObjectKeyFromObject(u), u))
		return u
	}
	other := good.DeepCopy()
	other.SetName("database")
	denied(t, "another Secret", apply(other), "is none")
	elsewhere := good.DeepCopy()
	elsewhere.SetNamespace("default")
	denied(t, "another namespace", apply(elsewhere), "is none")
	denied(t, "another manager", cl.Apply(ctx, client.ApplyConfigurationFromUnstructured(good.DeepCopy()), client.FieldOwner("kubectl")), "field manager")
	denied(t, "deleting", cl.Delete(ctx, live()), "deletes no Secret")
	denied(t, "deleting all", cl.DeleteAllOf(ctx, &corev1.Secret{}, client.InNamespace(apiserver.StoreNamespace)), "deletes no Secret")
	theirs := attack(map[string]any{"ours.der": text([]byte("1")), "theirs.der": text([]byte("3"))})
	denied(t, "forcing another's key", apply(theirs, client.ForceOwnership), "another field manager owns")
	u := live()
	unstructured.RemoveNestedField(u.Object, "data", "theirs.der")
	denied(t, "dropping another's key", cl.Update(ctx, u, client.FieldOwner(plan.Manager)), "another field manager owns")
	u = live()
	unstructured.RemoveNestedField(u.Object, "data", "theirs.der")
	u.SetManagedFields([]metav1.ManagedFieldsEntry{{}})
	denied(t, "with the owners wiped", cl.Update(ctx, u, client.FieldOwner(plan.Manager)), "another field manager owns")
	u = live()
	u.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "x", UID: "y"}})
	denied(t, "an owner, which would take it along", cl.Update(ctx, u, client.FieldOwner(plan.Manager)), "changes no owner")
	u = live()
	u.Object["immutable"] = true
	denied(t, "making it immutable", cl.Update(ctx, u, client.FieldOwner(plan.Manager)), "can be changed")

	must(t, apply(good))
	must(t, apply(attack(map[string]any{"ours.der": text([]byte("4"))})))
	must(t, apply(attack(map[string]any{})))
	if data := live().Object["data"].(map[string]any); len(data) != 1 || data["theirs.der"] != text([]byte("2")) {
		t.Errorf("%d keys are left", len(data))
	}
}

func denied(t *testing.T, what string, err error, says string) {
	t.Helper()
	if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), says) {
		t.Errorf("%s: %v", what, err)
	}
}

// The stores of the base are taken by the API server, and nothing becomes of lists that
// somebody else fills.
func TestDefaultStores(t *testing.T) {
	all := install(t, "stores.yaml")
	if len(all) != 3 {
		t.Errorf("%d stores", len(all))
	}
	for _, u := range all {
		must(t, srv.Client.Delete(t.Context(), u))
	}
}
