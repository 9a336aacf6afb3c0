package webhook_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/test/certtest"
	"github.com/storewarden/storewarden/test/keyvault"
	"github.com/storewarden/storewarden/test/scene"
	"github.com/storewarden/storewarden/webhook"
)

const trust = "aio-opc-ua-broker-trust-list"

func (d *door) seed(t testing.TB) map[string]keyvault.Secret {
	t.Helper()
	secrets, err := scene.Secrets(certtest.Epoch())
	must(t, err)
	for name, s := range secrets {
		d.vault.Vault(scene.Vault).Set(name, s)
	}
	return secrets
}

// as is a client of another user, collecting the warnings it is given.
func as(t testing.TB, user string, groups ...string) (client.Client, *warningsSeen) {
	t.Helper()
	cfg := rest.CopyConfig(srv.Config)
	cfg.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: append(groups, "system:masters", "system:authenticated")}
	seen := &warningsSeen{}
	cfg.WarningHandlerWithContext = seen
	c, err := client.New(cfg, client.Options{})
	must(t, err)
	return c, seen
}

type warningsSeen struct{ texts []string }

func (w *warningsSeen) HandleWarningHeaderWithContext(_ context.Context, _ int, _ string, text string) {
	w.texts = append(w.texts, text)
}

func (w *warningsSeen) codes() string {
	var out []string
	for _, t := range w.texts {
		code, _, _ := strings.Cut(t, " ")
		out = append(out, code)
	}
	return strings.Join(out, " ")
}

// denied lists the codes of a denial, and checks the form that every denial has.
func denied(t testing.TB, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		t.Fatalf("not an answer of the API server: %v", err)
	}
	s := status.Status()
	if s.Code != http.StatusForbidden || s.Reason != metav1.StatusReasonForbidden {
		t.Fatalf("a denial must be 403 Forbidden, this is %d %s: %s", s.Code, s.Reason, s.Message)
	}
	var codes []string
	if s.Details != nil {
		for _, c := range s.Details.Causes {
			codes = append(codes, string(c.Type))
			if !strings.Contains(s.Message, string(c.Type)+" "+c.Field) {
				t.Errorf("the cause %s %s is not in the message", c.Type, c.Field)
			}
		}
	}
	first, _, _ := strings.Cut(s.Message, "\n")
	if !strings.Contains(first, "nothing was changed") || !strings.Contains(s.Message, "Fix: ") {
		t.Errorf("the message lacks its summary or its remedy: %s", s.Message)
	}
	return codes
}

func TestHealthyPlantPasses(t *testing.T) {
	d := open(t, setup{})
	d.seed(t)
	c, seen := as(t, "alice")
	for _, u := range objects(t, scene.Good()) {
		must(t, c.Create(t.Context(), u))
	}
	if len(seen.texts) > 0 {
		t.Errorf("a healthy plant is warned of %v", seen.texts)
	}
	if d.calls.Load() != 4 {
		t.Errorf("%d calls for 4 objects", d.calls.Load())
	}
}

func TestMistakesAreDenied(t *testing.T) {
	d := open(t, setup{})
	d.seed(t)
	c, _ := as(t, "alice")
	for _, u := range objects(t, scene.Good()) {
		must(t, c.Create(t.Context(), u))
	}
	got := map[string][]string{}
	for _, m := range scene.Mistakes() {
		for _, u := range objects(t, m.Objects) {
			err := c.Create(t.Context(), u)
			if apierrors.IsAlreadyExists(err) {
				live := u.DeepCopy()
				must(t, c.Get(t.Context(), client.ObjectKeyFromObject(u), live))
				u.SetResourceVersion(live.GetResourceVersion())
				err = c.Update(t.Context(), u)
			}
			got[m.Title] = append(got[m.Title], denied(t, err)...)
		}
	}
	want := map[string][]string{}
	for i, codes := range [][]string{{"SPC-22"}, {"SPC-15"}, {"KV-03"}, {"SS-03"}, {"SS-11", "X-01", "KV-12"}, {"SS-13", "X-04"}} {
		want[scene.Mistakes()[i].Title] = codes
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("denied codes (-want +got):\n%s", diff)
	}
}

// What is not guarded must never cost a call (design decision 10).
func TestUnrelatedObjectsAreNotCalled(t *testing.T) {
	d := open(t, setup{})
	other := srv.Namespace(t)
	c, _ := as(t, "alice")
	elsewhere := object(t, scene.Class("x", "        - objectName: x\n"))
	elsewhere.SetNamespace(other)
	for _, o := range []client.Object{
		secret("unrelated", map[string][]byte{"a": []byte("b")}),
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{GenerateName: "some-", Namespace: ns}},
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: trust, Namespace: other}},
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: trust, Namespace: ns}},
		elsewhere,
	} {
		must(t, c.Create(t.Context(), o))
		must(t, c.Delete(t.Context(), o))
	}
	must(t, c.DeleteAllOf(t.Context(), &corev1.Secret{}, client.InNamespace(ns)))
	if n := d.calls.Load(); n != 0 {
		t.Errorf("%d calls for objects that are nobody's business", n)
	}
	system := object(t, scene.Sync(trust, "spc", "      - {sourcePath: aa, targetKey: aa.der}\n"))
	system.SetNamespace(metav1.NamespaceSystem)
	must(t, c.Create(t.Context(), system, client.DryRunAll)) // SS-26 would be denied anywhere else
	labelled := secret("mine", nil)
	labelled.Labels = map[string]string{"storewarden.io/store": "opcua-trust"}
	must(t, c.Create(t.Context(), labelled))
	labelled.Labels = nil
	must(t, c.Update(t.Context(), labelled)) // leaving the guard is looked at
	labelled.Data = map[string][]byte{"x": nil}
	must(t, c.Update(t.Context(), labelled))
	wrongPlace := object(t, scene.Sync(trust, "spc", "      - {sourcePath: aa, targetKey: aa.der}\n"))
	wrongPlace.SetNamespace(other)
	if codes := denied(t, c.Create(t.Context(), wrongPlace)); len(codes) != 1 || codes[0] != "SS-26" {
		t.Errorf("a reserved name in another namespace gave %v", codes)
	}
	if n := d.calls.Load(); n != 3 {
		t.Errorf("%d calls, want 3", n)
	}
}

// A store that only the configuration names is guarded wherever it is.
func TestConfiguredStoresAreMatched(t *testing.T) {
	other := srv.Namespace(t)
	v := store.Inventory{Namespaces: []string{ns}, Stores: []store.Named{{Namespace: other, Name: "mine", Role: store.RoleTLSTrust}}}
	url := "https://127.0.0.1:1/nobody-listens"
	c := webhook.Registration{Inventory: v, Timeout: time.Second, Client: admissionregistrationv1.WebhookClientConfig{URL: &url}}.Validating()
	must(t, srv.Client.Create(t.Context(), c))
	t.Cleanup(func() { clean(t, c) })
	called := func(name, in string) (ofSecret, ofSync bool) {
		s := secret(name, nil)
		s.Namespace = in
		u := object(t, scene.Sync(name, "spc", "      - {sourcePath: aa, targetKey: aa.der}\n"))
		u.SetNamespace(in)
		return srv.Client.Create(t.Context(), s, client.DryRunAll) != nil, srv.Client.Create(t.Context(), u, client.DryRunAll) != nil
	}
	await(t, "the configured store is guarded, as Secret and as SecretSync", func() bool {
		a, b := called("mine", other)
		return a && b
	})
	if a, b := called("another", other); a || b {
		t.Errorf("an unrelated name is guarded: as Secret %t, as SecretSync %t", a, b)
	}
}

func TestBreakGlass(t *testing.T) {
	d := open(t, setup{})
	policy, binding := webhook.Trace(inventory)
	must(t, srv.Client.Create(t.Context(), policy))
	must(t, srv.Client.Create(t.Context(), binding))
	t.Cleanup(func() {
		must(t, srv.Client.Delete(context.Background(), binding))
		must(t, srv.Client.Delete(context.Background(), policy))
	})
	bad := secret(trust, map[string][]byte{"a.der": nil})
	c, _ := as(t, "alice") // in system:masters, which a bare authorizer check would let through
	if denied(t, c.Create(t.Context(), bad)) == nil {
		t.Fatal("an administrator bypassed the webhook without asking for it")
	}
	d.calls.Store(0)
	glass, seen := as(t, "alice", webhook.BreakGlass)
	await(t, "the trace policy warns", func() bool {
		seen.texts = nil
		must(t, glass.Create(t.Context(), bad.DeepCopy(), client.DryRunAll))
		return strings.Contains(strings.Join(seen.texts, " "), "alice bypassed Storewarden: CREATE secrets "+ns+"/"+trust)
	})
	must(t, glass.Create(t.Context(), bad))
	must(t, glass.Delete(t.Context(), bad))
	if n := d.calls.Load(); n != 0 {
		t.Errorf("%d calls for bypassed requests", n)
	}
}

// What a folder applied in any order passes through must not be refused.
func TestAbsentPeers(t *testing.T) {
	d := open(t, setup{})
	d.seed(t)
	ctx := t.Context()
	alice, seen := as(t, "alice")
	robot, robotSeen := as(t, "system:serviceaccount:flux-system:kustomize-controller")
	orphan := object(t, scene.Sync("early", "spc-later", "      - {sourcePath: press-1-der, targetKey: press-1.der}\n"))
	must(t, alice.Create(ctx, orphan))
	if !strings.HasPrefix(seen.codes(), "SS-01") {
		t.Errorf("an absent SecretProviderClass warned of %q", seen.codes())
	}
	must(t, alice.Create(ctx, objects(t, scene.Good())[0]))
	gap := object(t, scene.Sync("gap", "spc-ops-demo", "      - {sourcePath: oven-1-der, targetKey: oven-1.der}\n"))
	if codes := denied(t, alice.Create(ctx, gap.DeepCopy())); len(codes) != 1 || codes[0] != "SS-02" {
		t.Errorf("a person's real write gave %v", codes)
	}
	seen.texts = nil
	must(t, alice.Create(ctx, gap.DeepCopy(), client.DryRunAll))
	if seen.codes() != "SS-02" {
		t.Errorf("a dry run warned of %q", seen.codes())
	}
	must(t, robot.Create(ctx, gap))
	if robotSeen.codes() != "SS-02" {
		t.Errorf("a service account was warned of %q", robotSeen.codes())
	}
	if v, ok := d.notified.Load("gap"); !ok || !strings.Contains(v.(string), "SS-02") {
		t.Error("nobody was told of what a controller's change was admitted with")
	}
}

func TestRemovingWhatIsReferenced(t *testing.T) {
	d := open(t, setup{})
	d.seed(t)
	ctx := t.Context()
	alice, seen := as(t, "alice")
	for _, u := range objects(t, scene.Good()) {
		must(t, alice.Create(ctx, u))
	}
	class := objects(t, scene.Good())[0]
	must(t, alice.Get(ctx, client.ObjectKeyFromObject(class), class))
	params := class.Object["spec"].(map[string]any)["parameters"].(map[string]any)
	params["objects"] = strings.Replace(params["objects"].(string), "press-1-der", "oven-1-der", 1)
	if codes := denied(t, alice.Update(ctx, class.DeepCopy())); len(codes) != 1 || codes[0] != "SPC-39" {
		t.Errorf("taking away a referenced entry gave %v", codes)
	}
	must(t, alice.Update(ctx, class.DeepCopy(), client.DryRunAll))
	seen.texts = nil
	must(t, alice.Delete(ctx, class.DeepCopy(), client.DryRunAll))
	if seen.codes() != "SPC-40" {
		t.Errorf("a delete warned of %q", seen.codes())
	}
}

// A working cluster is never made worse (design decision 7).
func TestRatcheting(t *testing.T) {
	var now time.Time
	d := open(t, setup{now: func() time.Time { return now }})
	ctx := t.Context()
	secrets := d.seed(t)
	now = certtest.Epoch()
	alice, seen := as(t, "alice")
	raw, err := hex.DecodeString(secrets["press-1-der"].Value)
	must(t, err)
	oven, err := hex.DecodeString(secrets["oven-1-der"].Value)
	must(t, err)
	s := secret(trust, map[string][]byte{"press-1.der": raw})
	must(t, alice.Create(ctx, s))
	now = certtest.Epoch().AddDate(2, 0, 0) // press-1 has expired meanwhile
	s.Labels = map[string]string{"team": "a"}
	must(t, alice.Update(ctx, s))
	if seen.codes() != "X-01" {
		t.Errorf("an old violation warned of %q", seen.codes())
	}
	s.Data["new.der"] = oven // expired as well
	if codes := denied(t, alice.Update(ctx, s.DeepCopy())); len(codes) != 1 || codes[0] != "X-01" {
		t.Errorf("a new violation gave %v", codes)
	}
	delete(s.Data, "new.der")
	s.Data["press-1.der"] = oven
	if denied(t, alice.Update(ctx, s.DeepCopy())) == nil {
		t.Error("a touched entry was forgiven")
	}
}

func TestStrictForgivesNothing(t *testing.T) {
	var now time.Time
	d := open(t, setup{profile: engine.Strict, now: func() time.Time { return now }})
	now = certtest.Epoch()
	secrets := d.seed(t)
	raw, err := hex.DecodeString(secrets["press-1-der"].Value)
	must(t, err)
	alice, _ := as(t, "alice")
	s := secret(trust, map[string][]byte{"press-1.der": raw})
	must(t, alice.Create(t.Context(), s))
	now = now.AddDate(2, 0, 0)
	s.Labels = map[string]string{"team": "a"}
	if denied(t, alice.Update(t.Context(), s)) == nil {
		t.Error("strict forgave an old violation")
	}
	sync, _ := as(t, "system:serviceaccount:azure-secret-store:unlisted")
	if denied(t, sync.Update(t.Context(), s)) == nil {
		t.Error("strict let a service account that nobody listed write what is refused")
	}
}

func TestVaultUnreachable(t *testing.T) {
	for name, tc := range map[string]struct {
		severities map[string]verdict.Severity
		good       []string // denied codes of a sound object
	}{
		"by default": {nil, nil},
		"as denial":  {map[string]verdict.Severity{"KV-00": verdict.Deny}, []string{"KV-00"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, setup{severities: tc.severities})
			d.seed(t)
			d.vault.Stop()
			alice, seen := as(t, "alice")
			good := objects(t, scene.Good())[0]
			if diff := cmp.Diff(tc.good, denied(t, alice.Create(t.Context(), good))); diff != "" {
				t.Errorf("a sound object (-want +got):\n%s", diff)
			}
			if tc.good == nil && (seen.codes() != "KV-00" || !strings.Contains(seen.texts[0], "plant-ca-der")) {
				t.Errorf("what was not verified is not said: %v", seen.texts)
			}
			bad := object(t, scene.Class("typo", "        - |\n          objectName: press-1-der\n          objectTyp: secret\n"))
			if codes := denied(t, alice.Create(t.Context(), bad)); len(codes) == 0 || codes[0] != "SPC-15" {
				t.Errorf("a structural mistake gave %v", codes)
			}
		})
	}
}

// A second look costs no call to the vault.
func TestWarmAdmissionAsksNoVault(t *testing.T) {
	d := open(t, setup{})
	d.seed(t)
	alice, _ := as(t, "alice")
	class := objects(t, scene.Good())[0]
	must(t, alice.Create(t.Context(), class, client.DryRunAll))
	d.vault.ResetCalls()
	must(t, alice.Create(t.Context(), class, client.DryRunAll))
	if n := d.vault.Calls()[keyvault.GetSecret]; n != 0 {
		t.Errorf("%d calls for what is known", n)
	}
}

// Whoever follows the remedy and applies again at once must get through.
func TestTheRemedyWorksAtOnce(t *testing.T) {
	d := open(t, setup{})
	secrets := d.seed(t)
	alice, _ := as(t, "alice")
	class := object(t, scene.Class("locked", scene.Entry("locked-der")))
	if codes := denied(t, alice.Create(t.Context(), class.DeepCopy())); len(codes) != 1 || codes[0] != "KV-03" {
		t.Fatalf("denied %v", codes)
	}
	mended := secrets["locked-der"]
	mended.Disabled = false
	d.vault.Vault(scene.Vault).Set("locked-der", mended)
	await(t, "the mended secret is accepted", func() bool { return alice.Create(t.Context(), class.DeepCopy()) == nil })
}

// panics is a judge with a defect.
type panics struct{}

func (panics) Review(context.Context, review.Request) (verdict.Verdict, error) {
	panic("MARKED-value of a secret")
}

type errs struct{}

func (errs) Review(context.Context, review.Request) (verdict.Verdict, error) {
	return verdict.Verdict{}, errors.New("no rules")
}

// When we fail, the change is refused with a code that controllers retry, and
// nothing of the object is shown.
func TestOurOwnTrouble(t *testing.T) {
	for name, j := range map[string]webhook.Judge{"panic": panics{}, "error": errs{}} {
		t.Run(name, func(t *testing.T) {
			d := open(t, setup{judge: func(webhook.Judge) webhook.Judge { return j }})
			alice, _ := as(t, "alice")
			err := alice.Create(t.Context(), secret(trust, nil))
			if !apierrors.IsInternalError(err) {
				t.Errorf("got %v, want an internal error", err)
			}
			if strings.Contains(fmt.Sprint(err)+d.log.String(), "MARKED") {
				t.Error("the panic's value got out")
			}
			must(t, alice.Create(t.Context(), secret("unrelated", nil)))
		})
	}
}

// Marked values stand in every vault secret and Secret; none may come out
// anywhere, in any usual encoding.
func TestNoSecretComesOut(t *testing.T) {
	d := open(t, setup{})
	const mark = "MARKED7f3a"
	d.seed(t)
	v := d.vault.Vault(scene.Vault)
	key := certtest.Must(certtest.NewKey(certtest.RSA2048, "marked"))(t)
	keyPEM := certtest.Must(key.PEM(certtest.PKCS8))(t)
	for name, value := range map[string]string{"plain": mark, "hexed": hex.EncodeToString([]byte(mark)), "odd": mark + "0",
		"based": base64.StdEncoding.EncodeToString([]byte(mark)), "private": hex.EncodeToString(keyPEM), "json": `{"password":"` + mark + `"}`} {
		v.Set(name, keyvault.Secret{Value: value, ContentType: "text/plain", Tags: map[string]string{"file-encoding": "hex"}})
	}
	var said strings.Builder
	alice, seen := as(t, "alice")
	robot, robotSeen := as(t, "system:serviceaccount:x:y")
	try := func(o client.Object) {
		for _, c := range []client.Client{alice, robot} {
			if err := c.Create(t.Context(), o.DeepCopyObject().(client.Object)); err != nil {
				fmt.Fprintf(&said, "%v %+v\n", err, err)
			}
		}
	}
	entries, mappings := "", ""
	for _, name := range []string{"plain", "hexed", "odd", "based", "private", "json"} {
		for _, enc := range []string{"", "hex", "base64"} {
			alias := name + "-as-" + enc + "x"
			entries += "        - |\n          objectName: " + name + "\n          objectAlias: " + alias + "\n          objectType: secret\n          objectEncoding: \"" + enc + "\"\n"
			mappings += "      - {sourcePath: " + alias + ", targetKey: " + alias + ".der}\n"
		}
	}
	try(object(t, scene.Class("marked", entries)))
	try(object(t, scene.Sync(trust, "marked", mappings)))
	try(object(t, scene.Sync("aio-opc-ua-broker-client-certificate", "marked", mappings)))
	for _, name := range []string{trust, "aio-opc-ua-broker-issuer-list", "aio-opc-ua-broker-client-certificate"} {
		try(secret(name, map[string][]byte{"a.der": []byte(mark), "b.crt": []byte(hex.EncodeToString([]byte(mark))), "c.pem": keyPEM,
			"d.crl": []byte(base64.StdEncoding.EncodeToString([]byte(mark))), "e": {}}))
	}
	said.WriteString(d.log.String())
	fmt.Fprintln(&said, seen.texts, robotSeen.texts)
	d.notified.Range(func(_, v any) bool { fmt.Fprintln(&said, v); return true })
	families, err := d.registry.Gather()
	must(t, err)
	fmt.Fprintln(&said, families)
	audit, err := os.ReadFile(auditLog)
	must(t, err)
	said.Write(audit)
	text := said.String()
	if !strings.Contains(text, "KV-18") || !strings.Contains(text, "SEC-07") {
		t.Fatal("the marked objects were not judged, so the test shows nothing")
	}
	secretPart := base64.StdEncoding.EncodeToString(keyPEM)[60:120]
	for what, needle := range map[string]string{"value": mark, "hex": hex.EncodeToString([]byte(mark)), "base64": base64.StdEncoding.EncodeToString([]byte(mark))[:12],
		"key": string(keyPEM[100:140]), "key in base64": secretPart} {
		if strings.Contains(text, needle) {
			t.Errorf("the marked %s came out", what)
		}
	}
}
