package rounds_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/store/cluster"
	"github.com/storewarden/storewarden/policies"
	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/input"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/sync/policyreport"
	"github.com/storewarden/storewarden/sync/rounds"
	"github.com/storewarden/storewarden/test/apiserver"
	"github.com/storewarden/storewarden/test/certtest"
)

// srv is the one API server of this package's tests; each test has a namespace.
var srv *apiserver.Server

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(apiserver.Main(m, &srv, apiserver.Options{CRDs: true}))
}

const trust = "aio-opc-ua-broker-trust-list"

// rules are compiled once.
var rules = sync.OnceValues(func() (*engine.Engine, error) {
	return engine.New(engine.Options{Config: input.DefaultConfig()}, policies.Files)
})

// beat is a namespace with a warden who makes rounds in it.
type beat struct {
	t      *testing.T
	ns     string
	log    *bytes.Buffer
	rounds *rounds.Rounds
	last   atomic.Pointer[rounds.Round]
	made   atomic.Int64
	judge  atomic.Pointer[func(context.Context, review.Request) (verdict.Verdict, error)] // instead of the real one
	real   *review.Reviewer
}

// Review implements rounds.Judge.
func (b *beat) Review(ctx context.Context, req review.Request) (verdict.Verdict, error) {
	if other := b.judge.Load(); other != nil {
		return (*other)(ctx, req)
	}
	return b.real.Review(ctx, req)
}

func newBeat(t *testing.T) *beat { return newBeatAs(t, srv.Namespace(t), srv.Config) }

// newBeatAs has somebody make them.
func newBeatAs(t *testing.T, ns string, as *rest.Config) *beat {
	t.Helper()
	b := &beat{t: t, ns: ns, log: &bytes.Buffer{}}
	e, err := rules()
	must(t, err)
	inventory := store.Inventory{Namespaces: []string{b.ns}}
	b.real, err = review.New(review.Options{Engine: e, Inventory: inventory, ExpiryWarning: time.Hour})
	must(t, err)
	var x *cluster.Index
	x, err = cluster.NewIndex(as, cluster.Options{Inventory: inventory, Changed: func(string) { b.rounds.Kick() }})
	must(t, err)
	reports, err := dynamic.NewForConfig(as)
	must(t, err)
	b.rounds, err = rounds.New(rounds.Options{Judge: b, Peers: x, Inventory: inventory, Reports: reports, Now: time.Now,
		Log: slog.New(slog.NewJSONHandler(b.log, nil)), Settle: 20 * time.Millisecond,
		Observe: func(r rounds.Round) { b.last.Store(&r); b.made.Add(1) }})
	must(t, err)
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = x.Start(ctx) })
	running.Go(func() { _ = b.rounds.Run(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })
	return b
}

func (b *beat) put(data map[string][]byte) {
	b.t.Helper()
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: b.ns, Name: trust}, Data: data}
	must(b.t, client.IgnoreAlreadyExists(srv.Client.Create(b.t.Context(), s.DeepCopy())))
	must(b.t, srv.Client.Update(b.t.Context(), s))
}

// again waits for another whole round.
func (b *beat) again() {
	b.t.Helper()
	was := b.made.Load()
	b.rounds.Kick()
	await(b.t, "another round", func() bool { return b.made.Load() > was })
}

// report is that of the trust list, nil for none.
func (b *beat) report() *unstructured.Unstructured {
	b.t.Helper()
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(policyreport.Kind)
	err := srv.Client.Get(b.t.Context(), client.ObjectKey{Namespace: b.ns, Name: "storewarden-secret-" + trust}, u)
	if apierrors.IsNotFound(err) {
		return nil
	}
	must(b.t, err)
	return u
}

// says reports whether a report has a result of a policy.
func says(u *unstructured.Unstructured, policy, result string) bool {
	if u == nil {
		return false
	}
	list, _, _ := unstructured.NestedSlice(u.Object, "results")
	for _, r := range list {
		if m, ok := r.(map[string]any); ok && m["policy"] == policy && m["result"] == result {
			return true
		}
	}
	return false
}

func press(t *testing.T, o certtest.Options) *certtest.Cert {
	t.Helper()
	o.CommonName, o.Key, o.Now, o.URIs = "press", certtest.RSA2048, time.Now(), []string{"urn:plant:press"}
	return certtest.Must(certtest.SelfSigned(o))(t)
}

var longAgo = certtest.Options{NotBefore: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)}

// A report is written when a store is, stays byte for byte while the verdict does, comes
// back as it was when somebody changes it, follows the store, and goes with it.
func TestReports(t *testing.T) {
	b := newBeat(t)
	old, good := press(t, longAgo), press(t, certtest.Options{})
	b.put(map[string][]byte{"old.der": old.DER})
	await(t, "the expired certificate is reported", func() bool { return says(b.report(), "X-01", "fail") })

	first := b.report()
	owned := &corev1.Secret{}
	must(t, srv.Client.Get(t.Context(), client.ObjectKey{Namespace: b.ns, Name: trust}, owned))
	if o := first.GetOwnerReferences(); len(o) != 1 || o[0].UID != owned.UID {
		t.Errorf("the report belongs to %v, not to %s", o, owned.UID)
	}
	for range 3 {
		b.again()
		if w := b.last.Load().Reports; w.Written != 0 || w.Removed != 0 || !w.Installed {
			t.Errorf("an identical verdict was sent again: %+v", w)
		}
	}
	if got := b.report(); got.GetResourceVersion() != first.GetResourceVersion() {
		t.Errorf("an identical verdict was written: resourceVersion %s became %s", first.GetResourceVersion(), got.GetResourceVersion())
	}

	changed := first.DeepCopy()
	must(t, unstructured.SetNestedField(changed.Object, int64(0), "summary", "fail"))
	must(t, srv.Client.Update(t.Context(), changed))
	b.again()
	await(t, "what somebody changed is put right", func() bool {
		fail, _, _ := unstructured.NestedInt64(b.report().Object, "summary", "fail")
		return fail > 0
	})

	b.put(map[string][]byte{"press.der": good.DER})
	await(t, "the mended store has no such finding", func() bool { return !says(b.report(), "X-01", "fail") })

	must(t, srv.Client.Delete(t.Context(), owned))
	await(t, "the report goes with its store", func() bool { return b.report() == nil })
}

// Nothing changes but the time: the end of a certificate is reported when it comes.
func TestTime(t *testing.T) {
	b := newBeat(t)
	b.put(map[string][]byte{"press.der": press(t, certtest.Options{NotAfter: time.Now().Add(5 * time.Second)}).DER})
	await(t, "a report", func() bool { return b.report() != nil })
	if says(b.report(), "X-01", "fail") {
		t.Fatal("it has ended before the test began")
	}
	await(t, "the end", func() bool { return says(b.report(), "X-01", "fail") })
	if n := b.made.Load(); n > 12 {
		t.Errorf("%d rounds were made: it polls", n)
	}
}

// What cannot be judged is told once, and no report is taken away for it.
func TestTrouble(t *testing.T) {
	b := newBeat(t)
	b.put(map[string][]byte{"old.der": press(t, longAgo).DER})
	await(t, "a report", func() bool { return b.report() != nil })
	panics := func(context.Context, review.Request) (verdict.Verdict, error) { panic("a secret value") }
	fails := func(context.Context, review.Request) (verdict.Verdict, error) {
		return verdict.Verdict{}, errors.New("no answer")
	}
	for name, judge := range map[string]func(context.Context, review.Request) (verdict.Verdict, error){"a panic": panics, "an error": fails} {
		b.judge.Store(&judge)
		b.again()
		b.again()
		if u := b.last.Load().Unread; len(u) != 1 || u[0].Name != trust {
			t.Errorf("%s: unread are %v", name, u)
		}
		if b.report() == nil {
			t.Errorf("%s: the report was taken away", name)
		}
	}
	b.judge.Store(nil)
	b.again()
	b.again() // the last line of the log is written before its end
	text := b.log.String()
	if strings.Contains(text, "a secret value") || strings.Count(text, "an object was not judged") != 2 {
		t.Errorf("the log is\n%s", text)
	}
}

// What a round needs, it says here and no more: everything read, by list and watch, Secrets
// by name, and reports. "get" is for what no watch has told yet.
func TestRights(t *testing.T) {
	ns := srv.Namespace(t)
	as, err := srv.User("warden-" + ns)
	must(t, err)
	may := func(group, resource string, verbs ...string) rbacv1.PolicyRule {
		return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{resource}, Verbs: verbs}
	}
	stores := may("", "secrets", "get", "list", "watch")
	stores.ResourceNames = store.ReservedNames()
	meta := metav1.ObjectMeta{Namespace: ns, Name: "warden"}
	must(t, srv.Client.Create(t.Context(), &rbacv1.Role{ObjectMeta: meta, Rules: []rbacv1.PolicyRule{stores,
		may("secrets-store.csi.x-k8s.io", "secretproviderclasses", "get", "list", "watch"), may("secret-sync.x-k8s.io", "secretsyncs", "get", "list", "watch"),
		may("storewarden.io", "connectorstores", "get", "list", "watch"), may("namespaces.deviceregistry.microsoft.com", "devices", "list", "watch"),
		may("iotoperations.azure.com", "connectortemplates", "list", "watch"), may("akri.microsoft.com", "connectortemplates", "list", "watch"),
		may("wgpolicyk8s.io", "policyreports", "list", "create", "patch", "delete")}}))
	must(t, srv.Client.Create(t.Context(), &rbacv1.RoleBinding{ObjectMeta: meta, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "warden"},
		Subjects: []rbacv1.Subject{{Kind: "User", Name: "warden-" + ns}}}))
	b := newBeatAs(t, ns, as)
	b.put(map[string][]byte{"old.der": press(t, longAgo).DER})
	await(t, "a report", func() bool { return says(b.report(), "X-01", "fail") })
	must(t, srv.Client.Delete(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: trust}}))
	await(t, "its end", func() bool { return b.report() == nil })
	if r := b.last.Load(); len(r.Unread) > 0 {
		t.Errorf("it could not see %v", r.Unread)
	}
}

// Where reports are not installed all else goes on, and they are written when they are.
func TestNotInstalled(t *testing.T) {
	crd := &apiextensionsv1.CustomResourceDefinition{}
	raw, err := os.ReadFile("../../test/apiserver/crds/policyreport.yaml")
	must(t, err)
	must(t, yaml.Unmarshal(raw, crd))
	must(t, srv.Client.Delete(t.Context(), crd.DeepCopy()))
	await(t, "the definition is gone", func() bool {
		return apierrors.IsNotFound(srv.Client.Get(t.Context(), client.ObjectKeyFromObject(crd), crd.DeepCopy()))
	})
	b := newBeat(t)
	b.put(map[string][]byte{"old.der": press(t, longAgo).DER})
	await(t, "a verdict", func() bool {
		r := b.last.Load()
		return r != nil && len(r.Seen) == 1 && r.Seen[0].Verdict.Worst() == verdict.Deny && !r.Reports.Installed && len(r.Unread) == 0
	})
	must(t, srv.Client.Create(t.Context(), crd.DeepCopy()))
	await(t, "a report", func() bool {
		b.rounds.Kick()
		return b.last.Load().Reports.Installed && says(b.report(), "X-01", "fail")
	})
}

func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for started := time.Now(); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Since(started) > 30*time.Second {
			t.Fatalf("not within 30 s: %s", what)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
