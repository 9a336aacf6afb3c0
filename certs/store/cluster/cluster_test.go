package cluster_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/store/cluster"
	"github.com/storewarden/storewarden/test/apiserver"
)

var srv *apiserver.Server

// The server starts without the custom definitions: TestIndexWithoutKinds
// needs a cluster that lacks them, and the other tests install them.
func TestMain(m *testing.M) { os.Exit(apiserver.Main(m, &srv, apiserver.Options{})) }

const trustList = "aio-opc-ua-broker-trust-list"

// reader is what Live and Index have in common.
type reader interface {
	Get(ctx context.Context, kind, namespace, name string) (*store.Object, error)
	List(ctx context.Context, kind, namespace string) ([]*store.Object, error)
}

// installKinds installs the definitions, once for all tests.
func installKinds(t *testing.T) {
	t.Helper()
	kubectl(t, "apply", "-f", definitions(t), "--wait")
	kubectl(t, "wait", "--for=condition=Established", "--timeout=60s", "-f", definitions(t))
}

func definitions(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return dir + "/../../../test/apiserver/crds"
}

func kubectl(t *testing.T, args ...string) {
	t.Helper()
	out, err := srv.Kubectl(t.Context(), args...)
	if err != nil || out.Code != 0 {
		t.Fatalf("kubectl %v: %v %s", args, err, out.Stderr)
	}
}

func class(ns, name, vault string) client.Object {
	return custom(store.SecretProviderClassAPI, store.KindSecretProviderClass, ns, name, map[string]any{
		"provider": "azure", "parameters": map[string]any{"keyvaultName": vault, "objects": "array:\n  - |\n    objectName: a\n"}})
}

func secretSync(ns, name string) client.Object {
	return custom(store.SecretSyncAPI, store.KindSecretSync, ns, name, map[string]any{
		"secretProviderClassName": "spc", "serviceAccountName": "aio-ssc-sa",
		"secretObject": map[string]any{"data": []any{map[string]any{"sourcePath": "my-a", "targetKey": "my-a.der"}}}})
}

func custom(api, kind, ns, name string, spec map[string]any) client.Object {
	u := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	u.SetAPIVersion(api)
	u.SetKind(kind)
	u.SetNamespace(ns)
	u.SetName(name)
	return u
}

func secret(ns, name string, labels map[string]string) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name, Labels: labels},
		Data: map[string][]byte{"my-a.der": {0x30, 0x03, 0x02, 0x01, 0x00}}}
}

func create(t *testing.T, objects ...client.Object) {
	t.Helper()
	for _, o := range objects {
		if err := srv.Client.Create(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
}

func names(objects []*store.Object) []string {
	n := []string{}
	for _, o := range objects {
		n = append(n, o.ID.Name)
	}
	return n
}

// await polls a condition, for what a watch brings at a time of its own.
func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("never saw %s", what)
		}
	}
}

// populate makes objects in a namespace of their own, and more in another.
func populate(t *testing.T) (ns string) {
	t.Helper()
	ns = srv.Namespace(t)
	other := srv.Namespace(t)
	create(t, class(ns, "spc-b", "kv"), class(ns, "spc-a", "kv"), class(other, "spc-c", "kv"),
		secretSync(ns, trustList), secretSync(other, "elsewhere"),
		secret(ns, trustList, map[string]string{store.SyncLabel: ""}),
		secret(ns, "labelled", map[string]string{store.StoreLabel: "opcua-trust", store.SyncLabel: ""}),
		secret(ns, "private", nil), secret(other, "labelled", map[string]string{store.StoreLabel: "opcua-trust"}))
	return ns
}

// checkContents wants of any reader what populate made.
func checkContents(t *testing.T, r reader, ns string) {
	t.Helper()
	for kind, want := range map[string][]string{
		store.KindSecretProviderClass: {"spc-a", "spc-b"},
		store.KindSecretSync:          {trustList},
		store.KindSecret:              {trustList, "labelled"},
	} {
		list, err := r.List(t.Context(), kind, ns)
		if err != nil {
			t.Fatal(err)
		}
		got := names(list)
		if kind == store.KindSecret && len(got) == 2 && got[0] == "labelled" { // in no order
			got[0], got[1] = got[1], got[0]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("list of %s (-want +got):\n%s", kind, diff)
		}
	}
	spc, err := r.Get(t.Context(), store.KindSecretProviderClass, ns, "spc-a")
	if err != nil || spc.SPC.Vault.Value != "kv" || len(spc.SPC.Objects.Entries) != 1 || spc.ID.APIVersion != store.SecretProviderClassAPI {
		t.Errorf("the class is %v, %v", spc, err)
	}
	sync, err := r.Get(t.Context(), store.KindSecretSync, ns, trustList)
	if err != nil || len(sync.Sync.Mappings) != 1 || sync.Sync.Mappings[0].TargetKey != "my-a.der" {
		t.Errorf("the sync is %v, %v", sync, err)
	}
	for _, name := range []string{trustList, "private"} { // the second is watched by none
		s, err := r.Get(t.Context(), store.KindSecret, ns, name)
		if err != nil || len(s.Secret.Data["my-a.der"]) != 5 {
			t.Errorf("the Secret %s is %v, %v", name, s, err)
		}
	}
	for _, kind := range []string{store.KindSecretProviderClass, store.KindSecretSync, store.KindSecret} {
		if o, err := r.Get(t.Context(), kind, ns, "absent"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("an absent %s is %v, %v; want store.ErrNotFound", kind, o, err)
		}
	}
	if _, err := r.Get(t.Context(), "ConfigMap", ns, "x"); !errors.Is(err, store.ErrOtherKind) {
		t.Errorf("another kind: got %v, want store.ErrOtherKind", err)
	}
	if _, err := r.List(t.Context(), store.KindSecret, ""); err == nil {
		t.Error("all Secrets of the cluster may be listed")
	}
}

func TestLive(t *testing.T) {
	installKinds(t)
	live := cluster.NewLive(srv.Client)
	ns := populate(t)
	checkContents(t, live, ns)
	for i := range 103 { // more than a page
		create(t, secretSync(ns, "sync-"+string(rune('a'+i/26))+string(rune('a'+i%26))))
	}
	if list, err := live.List(t.Context(), store.KindSecretSync, ns); err != nil || len(list) != 104 {
		t.Errorf("got %d objects over two pages, %v; want 104", len(list), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := live.Get(ctx, store.KindSecret, ns, trustList); err == nil || errors.Is(err, store.ErrNotFound) {
		t.Errorf("a read that did not happen gives %v", err)
	}
	if _, err := live.List(ctx, store.KindSecret, ns); err == nil {
		t.Error("a list that did not happen gives no error")
	}
}

// start runs an index until the test ends.
func start(t *testing.T, cfg *rest.Config, inventory store.Inventory) *cluster.Index {
	t.Helper()
	x, err := cluster.NewIndex(cfg, cluster.Options{Inventory: inventory})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- x.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-stopped; err != nil {
			t.Errorf("the index stopped with %v", err)
		}
	})
	return x
}

func waitForSync(t *testing.T, x *cluster.Index) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if !x.WaitForSync(ctx) {
		t.Fatalf("not in sync: %v", x.Detail())
	}
}

func TestIndex(t *testing.T) {
	installKinds(t)
	ns := populate(t)
	x := start(t, srv.Config, store.Inventory{Namespaces: []string{ns}})
	checkContents(t, x, ns) // in sync or not
	waitForSync(t, x)
	checkContents(t, x, ns)
	one, _ := x.Get(t.Context(), store.KindSecret, ns, trustList)
	if two, _ := x.Get(t.Context(), store.KindSecret, ns, trustList); one != two {
		t.Error("an object was copied")
	}
	if err := x.Start(t.Context()); err == nil {
		t.Error("the index can be started twice")
	}
	if x.NeedLeaderElection() {
		t.Error("only the leader would have an index")
	}
}

func TestIndexFollowsChanges(t *testing.T) {
	installKinds(t)
	ns := srv.Namespace(t)
	x := start(t, srv.Config, store.Inventory{Namespaces: []string{ns}})
	waitForSync(t, x)
	vault := func() string {
		o, err := x.Get(t.Context(), store.KindSecretProviderClass, ns, "spc")
		if err != nil {
			return err.Error()
		}
		return o.SPC.Vault.Value
	}
	list := func() string {
		l, err := x.List(t.Context(), store.KindSecretProviderClass, ns)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(names(l), " ")
	}
	spc := class(ns, "spc", "kv-1")
	create(t, spc, class(ns, "aaa", "kv"))
	await(t, "the new classes", func() bool { return vault() == "kv-1" && list() == "aaa spc" })
	before, _ := x.Get(t.Context(), store.KindSecretProviderClass, ns, "spc")
	spc.(*unstructured.Unstructured).Object["spec"].(map[string]any)["parameters"] = map[string]any{"keyvaultName": "kv-2"}
	if err := srv.Client.Update(t.Context(), spc); err != nil {
		t.Fatal(err)
	}
	await(t, "the update", func() bool { return vault() == "kv-2" })
	if before.SPC.Vault.Value != "kv-1" {
		t.Error("an object that was handed out has changed")
	}
	if err := srv.Client.Delete(t.Context(), spc); err != nil {
		t.Fatal(err)
	}
	await(t, "the deletion", func() bool { return strings.Contains(vault(), "not found") && list() == "aaa" })
}

// TestIndexRights runs the index with rights to Secrets by name alone: were it
// to list or watch others it would never be in sync.
func TestIndexRights(t *testing.T) {
	installKinds(t)
	ns, far := srv.Namespace(t), srv.Namespace(t)
	create(t, secret(ns, trustList, nil), secret(far, "far-list", nil), class(ns, "spc", "kv"))
	verbs := []string{"get", "list", "watch"}
	grant(t, ns, rbacv1.PolicyRule{APIGroups: []string{"secrets-store.csi.x-k8s.io", "secret-sync.x-k8s.io", "namespaces.deviceregistry.microsoft.com", "iotoperations.azure.com", "akri.microsoft.com", "storewarden.io"}, Resources: []string{"*"}, Verbs: verbs},
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: store.ReservedNames(), Verbs: verbs})
	grant(t, far, rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{"far-list"}, Verbs: verbs})
	cfg, err := srv.User("index")
	if err != nil {
		t.Fatal(err)
	}
	x := start(t, cfg, store.Inventory{Namespaces: []string{ns}, Stores: []store.Named{{Namespace: far, Name: "far-list", Role: store.RoleTLSTrust}}})
	waitForSync(t, x)
	for _, s := range []struct{ ns, name string }{{ns, trustList}, {far, "far-list"}} {
		if _, err := x.Get(t.Context(), store.KindSecret, s.ns, s.name); err != nil {
			t.Errorf("%s: %v", s.name, err)
		}
	}
	if _, err := x.Get(t.Context(), store.KindSecret, ns, "private"); err == nil || errors.Is(err, store.ErrNotFound) {
		t.Errorf("a Secret that must not be read gives %v", err)
	}
}

// TestIndexWithoutRights tells apart what is forbidden from what is absent.
func TestIndexWithoutRights(t *testing.T) {
	installKinds(t)
	ns := srv.Namespace(t)
	cfg, err := srv.User("nobody-" + ns)
	if err != nil {
		t.Fatal(err)
	}
	x := start(t, cfg, store.Inventory{Namespaces: []string{ns}})
	await(t, "the refusal", func() bool {
		return strings.Contains(x.Detail()[store.KindSecretSync+" "+ns], "forbidden")
	})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if x.WaitForSync(ctx) {
		t.Error("in sync without having seen anything")
	}
	if _, err := x.Get(t.Context(), store.KindSecretSync, ns, "x"); err == nil || errors.Is(err, store.ErrNotFound) {
		t.Errorf("what is forbidden gives %v", err)
	}
	kubectl(t, "create", "clusterrolebinding", "nobody-"+ns, "--clusterrole=cluster-admin", "--user=nobody-"+ns)
	waitForSync(t, x)
}

func grant(t *testing.T, ns string, rules ...rbacv1.PolicyRule) {
	t.Helper()
	create(t, &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "index"}, Rules: rules},
		&rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "index"},
			RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "index"},
			Subjects: []rbacv1.Subject{{Kind: "User", Name: "index", APIGroup: rbacv1.GroupName}}})
}

func TestIndexWithoutKinds(t *testing.T) {
	kubectl(t, "delete", "--ignore-not-found", "-f", definitions(t))
	ns := srv.Namespace(t)
	create(t, secret(ns, trustList, nil))
	x := start(t, srv.Config, store.Inventory{Namespaces: []string{ns}})
	waitForSync(t, x)
	for name, r := range map[string]reader{"index": x, "live": cluster.NewLive(srv.Client)} {
		for _, kind := range []string{store.KindSecretProviderClass, store.KindSecretSync} {
			if _, err := r.Get(t.Context(), kind, ns, "x"); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s: a %s is %v, want store.ErrNotFound", name, kind, err)
			}
			if l, err := r.List(t.Context(), kind, ns); err != nil || len(l) != 0 {
				t.Errorf("%s: the list of %s is %v, %v; want none", name, kind, l, err)
			}
		}
		if _, err := r.Get(t.Context(), store.KindSecret, ns, trustList); err != nil {
			t.Errorf("%s: the Secret beside the missing kinds: %v", name, err)
		}
	}
	if d := x.Detail()[store.KindSecretSync+" "+ns]; !strings.Contains(d, "no such kind") {
		t.Errorf("the detail is %q", d)
	}
	installKinds(t)
	create(t, secretSync(ns, trustList))
	await(t, "the first object of a kind that was installed later", func() bool {
		_, err := x.Get(t.Context(), store.KindSecretSync, ns, trustList)
		return err == nil
	})
	if d := x.Detail()[store.KindSecretSync+" "+ns]; d != "objects: 1" {
		t.Errorf("the detail is %q", d)
	}
}

func TestNewIndexRefuses(t *testing.T) {
	for name, v := range map[string]store.Inventory{
		"every namespace":   {Namespaces: []string{""}},
		"every Secret":      {Stores: []store.Named{{Namespace: "a"}}},
		"a name everywhere": {Stores: []store.Named{{Name: "a"}}},
	} {
		if _, err := cluster.NewIndex(srv.Config, cluster.Options{Inventory: v}); err == nil {
			t.Errorf("%s can be watched", name)
		}
	}
}
