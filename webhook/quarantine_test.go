package webhook_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/test/certtest"
	"github.com/storewarden/storewarden/webhook"
)

const own = "aio-opc-ua-broker-client-certificate"

// writers are a sync controller, and whoever else writes stores.
var writers = []webhook.Profile{
	{Class: verdict.Syncer, Users: []string{"system:serviceaccount:*:sse"}, Mode: verdict.ModeWarn, Stores: verdict.ModeQuarantine},
	{Class: verdict.Unlisted, Users: []string{"system:serviceaccount:*"}, Mode: verdict.ModeWarn, Stores: verdict.ModeQuarantine},
}

const sseUser = "system:serviceaccount:azure-secret-store:sse"

// machine is a certificate that a trust list may hold; another serial number is another
// certificate.
func machine(t testing.TB, name string, o certtest.Options) *certtest.Cert {
	t.Helper()
	o.CommonName, o.Key, o.URIs = name, certtest.RSA2048, []string{"urn:plant:" + name}
	return certtest.Must(certtest.SelfSigned(o))(t)
}

func expired(t testing.TB, name string) []byte {
	t.Helper()
	return machine(t, name, certtest.Options{NotBefore: certtest.Epoch().AddDate(-2, 0, 0), NotAfter: certtest.Epoch().AddDate(-1, 0, 0)}).DER
}

// applier writes as a sync controller does: all its keys, by forced server-side apply.
type applier struct {
	client client.Client
	seen   *warningsSeen
	field  string
}

func newApplier(t testing.TB, user, manager string) applier {
	t.Helper()
	c, seen := as(t, user)
	return applier{c, seen, manager}
}

func (a applier) apply(t testing.TB, name string, data map[string][]byte) error {
	t.Helper()
	a.seen.texts = nil
	s := corev1ac.Secret(name, ns).WithType(corev1.SecretTypeOpaque).WithData(data).WithLabels(map[string]string{store.SyncLabel: ""})
	return a.client.Apply(t.Context(), s, client.FieldOwner(a.field), client.ForceOwnership)
}

func stored(t testing.TB, name string) *corev1.Secret {
	t.Helper()
	s := &corev1.Secret{}
	must(t, srv.Client.Get(t.Context(), client.ObjectKey{Namespace: ns, Name: name}, s))
	return s
}

func held(t testing.TB, s *corev1.Secret) map[string]webhook.Held {
	t.Helper()
	out := map[string]webhook.Held{}
	if text := s.Annotations[store.HeldAnnotation]; text != "" {
		must(t, json.Unmarshal([]byte(text), &out))
	}
	return out
}

func sameKeys(t testing.TB, what string, got, want map[string][]byte) {
	t.Helper()
	for key := range want {
		if string(got[key]) != string(want[key]) {
			t.Errorf("%s: %s is not what it should be", what, key)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: keys %v, want %v", what, slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
}

// Of twelve renewed certificates one has expired: eleven arrive, the twelfth stays what
// it was. The same write by a person is refused whole.
func TestQuarantine(t *testing.T) {
	d := open(t, setup{profiles: writers})
	sse := newApplier(t, sseUser, "sse")
	before, after := map[string][]byte{}, map[string][]byte{}
	for i := range 12 {
		key := fmt.Sprintf("m%02d.der", i)
		before[key] = machine(t, key, certtest.Options{}).DER
		after[key] = machine(t, key, certtest.Options{KeyName: "renewed"}).DER
	}
	must(t, sse.apply(t, trust, before))
	if s := stored(t, trust); s.Labels[store.StoreLabel] != string(store.RoleTrust) || len(held(t, s)) != 0 || len(sse.seen.texts) != 0 {
		t.Errorf("a good write: labels %v, annotations %v, warnings %v", s.Labels, s.Annotations, sse.seen.texts)
	}
	after["m07.der"] = expired(t, "m07.der")

	alice, _ := as(t, "alice")
	byHand := stored(t, trust)
	byHand.Data = after
	if codes := denied(t, alice.Update(t.Context(), byHand)); len(codes) != 1 || codes[0] != "X-01" {
		t.Errorf("a person was told %v", codes)
	}
	sameKeys(t, "after a person's write", stored(t, trust).Data, before)

	must(t, sse.apply(t, trust, after))
	want := maps.Clone(after)
	want["m07.der"] = before["m07.der"]
	s := stored(t, trust)
	sameKeys(t, "after the controller's write", s.Data, want)
	h := held(t, s)["m07.der"]
	if h.By != sseUser || !slices.Equal(h.Codes, []string{"X-01"}) || len(h.SHA256) != 64 {
		t.Errorf("held: %+v", h)
	}
	if sse.seen.codes() != "X-01" || !strings.Contains(sse.seen.texts[0], "m07.der") {
		t.Errorf("warned of %v", sse.seen.texts)
	}
	if v, ok := d.notified.Load(trust); !ok || !strings.Contains(v.(string), "the value before stays") {
		t.Errorf("nobody was told: %v", v)
	}
	if log := d.log.String(); !strings.Contains(log, `"result":"held"`) || !strings.Contains(log, `"hold":"X-01"`) {
		t.Error("the log does not tell")
	}
}

// The whole life of a held entry, as a sync controller writes it: what is stored, what
// the annotation says, and that an identical write changes nothing.
func TestHeldEntryThroughItsLife(t *testing.T) {
	open(t, setup{profiles: writers})
	sse := newApplier(t, sseUser, "sse")
	good := machine(t, "a", certtest.Options{}).DER
	ok1, ok2, bad := machine(t, "b", certtest.Options{}).DER, machine(t, "b", certtest.Options{KeyName: "2"}).DER, expired(t, "b")
	steps := []struct {
		what  string
		write map[string][]byte
		want  map[string][]byte
		held  []string
	}{
		{"created with a bad one", map[string][]byte{"a.der": good, "b.der": bad}, map[string][]byte{"a.der": good}, []string{"b.der"}},
		{"turned good", map[string][]byte{"a.der": good, "b.der": ok1}, map[string][]byte{"a.der": good, "b.der": ok1}, nil},
		{"turned bad", map[string][]byte{"a.der": good, "b.der": bad}, map[string][]byte{"a.der": good, "b.der": ok1}, []string{"b.der"}},
		{"another beside it", map[string][]byte{"a.der": good, "b.der": bad, "c.der": good}, map[string][]byte{"a.der": good, "b.der": ok1, "c.der": good}, []string{"b.der"}},
		{"good again", map[string][]byte{"a.der": good, "b.der": ok2}, map[string][]byte{"a.der": good, "b.der": ok2}, nil},
		{"bad, and then dropped", map[string][]byte{"a.der": good, "b.der": bad}, map[string][]byte{"a.der": good, "b.der": ok2}, []string{"b.der"}},
		{"dropped", map[string][]byte{"a.der": good}, map[string][]byte{"a.der": good}, nil},
	}
	for _, step := range steps {
		must(t, sse.apply(t, trust, step.write))
		s := stored(t, trust)
		sameKeys(t, step.what, s.Data, step.want)
		if keys := slices.Sorted(maps.Keys(held(t, s))); !slices.Equal(keys, step.held) {
			t.Errorf("%s: held %v, want %v", step.what, keys, step.held)
		}
		for range 3 {
			must(t, sse.apply(t, trust, step.write))
		}
		if again := stored(t, trust); again.ResourceVersion != s.ResourceVersion {
			t.Errorf("%s: an identical write changed the Secret:\n%s", step.what, cmp.Diff(s, again))
		}
	}
}

// Two who write one store, one of them a bad entry, do not fight over it.
func TestHeldEntryBesideAnotherWriter(t *testing.T) {
	open(t, setup{profiles: writers})
	sse, loop := newApplier(t, sseUser, "sse"), newApplier(t, "system:serviceaccount:storewarden:storewarden-sync", "storewarden")
	first := machine(t, "a", certtest.Options{}).DER
	must(t, sse.apply(t, trust, map[string][]byte{"a.der": first}))
	write := func() {
		must(t, sse.apply(t, trust, map[string][]byte{"a.der": expired(t, "a"), "b.der": first}))
		must(t, loop.apply(t, trust, map[string][]byte{"c.der": first}))
	}
	write()
	written := time.Now()
	await(t, "the order of managers by second", func() bool {
		later := time.Since(written) > 1100*time.Millisecond // than the second in which both first wrote
		write()
		return later
	})
	s := stored(t, trust)
	sameKeys(t, "both", s.Data, map[string][]byte{"a.der": first, "b.der": first, "c.der": first})
	for range 50 {
		write()
	}
	if again := stored(t, trust); again.ResourceVersion != s.ResourceVersion || len(held(t, again)) != 1 {
		t.Errorf("50 cycles changed the Secret:\n%s", cmp.Diff(s, again))
	}
	// The other one's own bad entry stands beside it, and is taken away alone.
	must(t, loop.apply(t, trust, map[string][]byte{"c.der": first, "d.der": expired(t, "d")}))
	if h := held(t, stored(t, trust)); h["a.der"].By != sseUser || h["d.der"].By != "system:serviceaccount:storewarden:storewarden-sync" {
		t.Errorf("held: %v", h)
	}
	must(t, loop.apply(t, trust, map[string][]byte{"c.der": first}))
	if h := held(t, stored(t, trust)); len(h) != 1 || h["a.der"].By != sseUser {
		t.Errorf("held: %v", h)
	}
	// A writer that replaces the whole object cannot make it forgotten.
	robot, _ := as(t, "system:serviceaccount:x:y")
	whole := stored(t, trust)
	whole.Annotations = nil
	must(t, robot.Update(t.Context(), whole))
	if h := held(t, stored(t, trust)); h["a.der"].By != sseUser {
		t.Errorf("held: %v", h)
	}
}

// A certificate and its key change together or not at all, and a store that would hold
// nothing good is not made.
func TestQuarantineOfPairs(t *testing.T) {
	open(t, setup{profiles: writers})
	sse := newApplier(t, sseUser, "sse")
	pair := func(o certtest.Options) map[string][]byte {
		c := machine(t, "connector", o)
		return map[string][]byte{"own.der": c.DER, "own.pem": certtest.Must(c.Key.PEM(certtest.PKCS8))(t)}
	}
	bad := pair(certtest.Options{KeyName: "other", NotBefore: certtest.Epoch().AddDate(-2, 0, 0), NotAfter: certtest.Epoch().AddDate(-1, 0, 0)})
	if codes := denied(t, sse.apply(t, own, bad)); !slices.Contains(codes, "X-01") {
		t.Errorf("nothing good: told %v", codes)
	}
	if err := srv.Client.Get(t.Context(), client.ObjectKey{Namespace: ns, Name: own}, &corev1.Secret{}); !apierrors.IsNotFound(err) {
		t.Errorf("a store of nothing was made: %v", err)
	}
	good := pair(certtest.Options{})
	must(t, sse.apply(t, own, good))
	must(t, sse.apply(t, own, bad))
	s := stored(t, own)
	sameKeys(t, "a bad pair", s.Data, good)
	h := held(t, s)
	if len(h) != 2 || h["own.der"].SHA256+h["own.pem"].SHA256 != "" {
		t.Errorf("held: %v", h)
	}
}

// What a dry run would hold it says, and leaves no trace; what is wrong with a Secret as
// a whole is refused, for the sync controller too.
func TestQuarantineLeavesAlone(t *testing.T) {
	d := open(t, setup{profiles: writers})
	robot, seen := as(t, sseUser)
	must(t, robot.Create(t.Context(), secret(trust, map[string][]byte{"a.der": machine(t, "a", certtest.Options{}).DER, "b.der": expired(t, "b")}), client.DryRunAll))
	if seen.codes() != "X-01" {
		t.Errorf("a dry run warned of %q", seen.codes())
	}
	if _, told := d.notified.Load(trust); told {
		t.Error("a dry run raised an event")
	}
	odd := secret(trust, map[string][]byte{"a.der": machine(t, "a", certtest.Options{}).DER})
	odd.Type, odd.Immutable = "example.com/odd", new(true)
	if codes := denied(t, robot.Create(t.Context(), odd)); len(codes) == 0 {
		t.Error("an odd Secret was let through")
	}
}

// A CRL that revokes a machine goes through; the machine's certificate is named.
func TestCRLIsNotHeldBecauseItRevokes(t *testing.T) {
	open(t, setup{profiles: writers})
	sse := newApplier(t, sseUser, "sse")
	root := certtest.Must(certtest.NewCA(certtest.Options{CommonName: "root"}))(t)
	leaf := certtest.Must(root.Issue(certtest.Options{CommonName: "m", Key: certtest.RSA2048, URIs: []string{"urn:plant:m"}}))(t)
	crl := func(revoked ...*big.Int) []byte {
		return certtest.Must(root.CRL(certtest.CRLOptions{Revoked: revoked}))(t).DER
	}
	data := map[string][]byte{"m.der": leaf.DER, "root.der": root.DER, "root.crl": crl()}
	must(t, sse.apply(t, trust, data))
	data["root.crl"] = crl(leaf.Serial)
	must(t, sse.apply(t, trust, data))
	s := stored(t, trust)
	sameKeys(t, "revoked", s.Data, data)
	if len(held(t, s)) != 0 || !strings.Contains(sse.seen.codes(), "X-18") {
		t.Errorf("held %v, warned of %q", held(t, s), sse.seen.codes())
	}
}

// Under the strict profile what was put back is let stand, though it has become bad too.
func TestQuarantineStrict(t *testing.T) {
	var now time.Time
	open(t, setup{profile: engine.Strict, profiles: writers, now: func() time.Time { return now }})
	now = certtest.Epoch()
	sse := newApplier(t, sseUser, "sse")
	first := machine(t, "a", certtest.Options{NotAfter: certtest.Epoch().AddDate(1, 0, 0)}).DER
	lasting := machine(t, "b", certtest.Options{NotAfter: certtest.Epoch().AddDate(10, 0, 0)}).DER
	must(t, sse.apply(t, trust, map[string][]byte{"a.der": first}))
	now = now.AddDate(2, 0, 0)
	must(t, sse.apply(t, trust, map[string][]byte{"a.der": expired(t, "a"), "b.der": lasting}))
	s := stored(t, trust)
	sameKeys(t, "strict", s.Data, map[string][]byte{"a.der": first, "b.der": lasting})
	if len(held(t, s)) != 1 {
		t.Errorf("held: %v", held(t, s))
	}
}

// What the webhook says in CEL of who is quarantined, it says in Go.
func TestQuarantinedWriters(t *testing.T) {
	d := open(t, setup{profiles: writers})
	for user, mutated := range map[string]bool{
		sseUser: true, "system:serviceaccount:x:y": true, "alice": false, "system:node:n": false, "evil system:serviceaccount:x:y": false,
	} {
		c, _ := as(t, user)
		d.calls.Store(0)
		s := secret(trust, map[string][]byte{"a.der": machine(t, "a", certtest.Options{}).DER})
		must(t, c.Create(t.Context(), s, client.DryRunAll))
		if got := s.Labels[store.StoreLabel] != ""; got != mutated || (d.calls.Load() == 2) != mutated {
			t.Errorf("%s: labelled %t in %d calls", user, got, d.calls.Load())
		}
	}
}

// badOnes is a judge that refuses the keys whose value begins with "bad".
type badOnes struct{ role store.Role }

func (b badOnes) Review(_ context.Context, req review.Request) (verdict.Verdict, error) {
	v := verdict.Verdict{Object: verdict.Object{Kind: "Secret"}, Role: string(b.role), Entries: len(req.Subject.Secret.Data), Texts: map[string]string{}}
	for key, value := range req.Subject.Secret.Data {
		v.Texts[key] = string(value)
		if strings.HasPrefix(string(value), "bad") {
			v.Findings = append(v.Findings, verdict.Finding{Code: "X-01", Severity: verdict.Deny, Entry: key})
		}
	}
	v.Sort()
	return v, nil
}

// Whatever stands and whatever is written: the patch leaves no new bad value, every good
// value whose unit is good arrives, and a unit is whole.
func TestQuarantineOfAnything(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	values := []string{"", "good-1", "good-2", "bad-1", "bad-2"}
	some := func() map[string][]byte {
		data := map[string][]byte{}
		for _, key := range []string{"a.der", "a.pem", "b.der", "b.pem", "c.der"} {
			if v := values[random.IntN(len(values))]; v != "" {
				data[key] = []byte(v)
			}
		}
		return data
	}
	holds := 0
	for range 3000 {
		role := []store.Role{store.RoleTrust, store.RoleClient}[random.IntN(2)]
		name := map[store.Role]string{store.RoleTrust: trust, store.RoleClient: own}[role]
		old, written := some(), some()
		create := random.IntN(4) == 0
		if create {
			old = map[string][]byte{}
		}
		got, patched := quarantined(t, badOnes{role}, name, create, old, written)
		if !patched {
			continue
		}
		for _, key := range []string{"a.der", "a.pem", "b.der", "b.pem", "c.der"} {
			unit := func(of map[string][]byte) string {
				text := ""
				for _, k := range []string{"a.der", "a.pem", "b.der", "b.pem", "c.der"} {
					if role.Unit(k) == role.Unit(key) {
						text += fmt.Sprintf("%s=%s ", k, of[k])
					}
				}
				return text
			}
			was, want, is := unit(old), unit(written), unit(got)
			switch {
			case is != was && is != want:
				t.Fatalf("%s: from %q and %q came %q", key, was, want, is)
			case strings.HasPrefix(string(got[key]), "bad") && string(got[key]) != string(old[key]):
				t.Fatalf("%s: %q was let through", key, is)
			case !strings.Contains(want, "bad") && is != want:
				t.Fatalf("%s: %q did not arrive, but %q", key, want, is)
			}
			if is != want {
				holds++
			}
		}
	}
	if holds < 1000 {
		t.Errorf("only %d were held", holds)
	}
}

// quarantined is what a sync controller's write leaves, by the webhook's patch.
func quarantined(t testing.TB, j webhook.Judge, name string, create bool, old, written map[string][]byte) (data map[string][]byte, patched bool) {
	t.Helper()
	raw := func(data map[string][]byte) json.RawMessage {
		b, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": name, "namespace": ns}, "data": data})
		must(t, err)
		return b
	}
	req := map[string]any{"uid": "u", "operation": "UPDATE", "namespace": ns, "userInfo": map[string]any{"username": sseUser}, "object": raw(written), "oldObject": raw(old)}
	if create {
		req["operation"] = "CREATE"
		delete(req, "oldObject")
	}
	body, err := json.Marshal(map[string]any{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": req})
	must(t, err)
	w := httptest.NewRecorder()
	handler(t, j, writers...).ServeHTTP(w, httptest.NewRequest(http.MethodPost, webhook.QuarantinePath, strings.NewReader(string(body))))
	var answer admissionv1.AdmissionReview
	must(t, json.Unmarshal(w.Body.Bytes(), &answer))
	if !answer.Response.Allowed {
		t.Fatalf("answered %s", w.Body)
	}
	if answer.Response.Patch == nil {
		return written, false
	}
	patch, err := jsonpatch.DecodePatch(answer.Response.Patch)
	must(t, err)
	out, err := patch.Apply(raw(written))
	must(t, err)
	var s corev1.Secret
	must(t, json.Unmarshal(out, &s))
	return s.Data, true
}
