package webhook_test

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/azure"
	"github.com/storewarden/storewarden/certs/vault/warm"
	"github.com/storewarden/storewarden/policies"
	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/input"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/test/certtest"
	"github.com/storewarden/storewarden/test/keyvault"
	"github.com/storewarden/storewarden/test/scene"
)

// trouble is a way in which a vault cannot be seen.
type trouble struct {
	fault  keyvault.Fault
	reader func(t *testing.T, d *door) vault.Reader // where the trouble is not the vault's
	reason vault.Reason
	says   string // in the message
	remedy string // a part of it
}

// entra refuses a token in Microsoft's words until it is mended.
type entra struct{ words string }

func (e entra) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{}, errors.New(e.words)
}

func troubles() map[string]trouble {
	with := func(o azure.Options) func(*testing.T, *door) vault.Reader {
		return func(t *testing.T, d *door) vault.Reader {
			if o.Credential == nil {
				o.Credential = keyvault.StaticToken("t")
			}
			if o.Endpoint == "" {
				o.Endpoint = "https://" + d.vault.Address() + "/{vault}"
			}
			if o.CA == nil {
				o.CA = d.pool
			}
			r, err := azure.New(o)
			must(t, err)
			return r
		}
	}
	closed := func(t *testing.T, d *door) vault.Reader { // a port that nobody listens on
		l, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		address := l.Addr().String()
		must(t, l.Close())
		return with(azure.Options{Endpoint: "https://" + address + "/{vault}"})(t, d)
	}
	federation := "az identity federated-credential list"
	return map[string]trouble{
		"rbac-kv":      {fault: keyvault.Denied(keyvault.ForbiddenByRbac), reason: vault.Forbidden, says: "ForbiddenByRbac", remedy: "az role assignment create"},
		"policy-kv":    {fault: keyvault.Denied(keyvault.ForbiddenByPolicy), reason: vault.Forbidden, says: "does not have secrets get permission", remedy: "az role assignment create"},
		"firewall-kv":  {fault: keyvault.Denied(keyvault.ForbiddenByFirewall), reason: vault.Firewall, says: "Client address", remedy: "network-rule add"},
		"private-kv":   {fault: keyvault.Denied(keyvault.ForbiddenByConnection), reason: vault.Firewall, says: "Public network access is disabled", remedy: "private endpoint"},
		"tenant-kv":    {fault: keyvault.WrongTenant(), reason: vault.WrongTenant, says: "AKV10032", remedy: "properties.tenantId"},
		"throttled-kv": {fault: keyvault.Throttled("2"), reason: vault.Throttled, says: "too many requests", remedy: "Wait a minute"},
		"broken-kv":    {fault: keyvault.Broken(503), reason: vault.ServerError, says: "503", remedy: "storewarden inspect vault:"},
		"slow-kv":      {fault: keyvault.Slow(time.Minute), reason: vault.Timeout, says: "no answer", remedy: "storewarden inspect vault:"},
		"dropped-kv":   {fault: keyvault.Dropped(), reason: vault.Unreachable, says: "closed before", remedy: "storewarden inspect vault:"},
		"portal-kv":    {fault: keyvault.Fault{Status: 403, Body: "<html>"}, reason: vault.Unreachable, says: "something stands between", remedy: "storewarden inspect vault:"},
		"disabled-kv":  {fault: keyvault.Fault{Status: 403, Code: "Forbidden", InnerCode: "SecretDisabled"}, reason: vault.Disabled},
		"closed-kv":    {reader: closed, reason: vault.Unreachable, says: "no connection", remedy: "storewarden inspect vault:"},
		"nameless-kv":  {reader: with(azure.Options{Endpoint: "https://{vault}.invalid"}), reason: vault.NameNotResolved, remedy: "Check keyvaultName"},
		"app-kv":       {reader: with(azure.Options{Credential: entra{"AADSTS700016: Application was not found."}}), reason: vault.TokenFailed, says: "AADSTS700016", remedy: federation},
		"record-kv":    {reader: with(azure.Options{Credential: entra{"AADSTS70021: No matching federated identity record."}}), reason: vault.TokenFailed, says: "AADSTS70021", remedy: federation},
		"subject-kv":   {reader: with(azure.Options{Credential: entra{"AADSTS700213: No matching federated identity record."}}), reason: vault.TokenFailed, says: "AADSTS700213", remedy: federation},
		"secret-kv":    {reader: with(azure.Options{Credential: entra{"AADSTS7000215: Invalid client secret."}}), reason: vault.TokenFailed, says: "AADSTS7000215", remedy: federation},
		"unknown-kv":   {reader: with(azure.Options{Credential: entra{"AADSTS90002: Tenant was not found."}}), reason: vault.TokenFailed, says: "AADSTS90002", remedy: federation},
		"tls-kv":       {reader: with(azure.Options{CA: x509.NewCertPool()}), reason: vault.TLS, says: "no trusted TLS connection", remedy: "vault.caFile"},
		"listed-kv":    {reader: with(azure.Options{Allowed: func(string) bool { return false }}), reason: vault.NotAllowed, remedy: "vault.allowed"},
	}
}

// routed reads each vault in its own way, until all are mended.
type routed struct {
	vault.Reader
	ways map[string]vault.Reader
	mend chan struct{}
}

func (r *routed) Get(ctx context.Context, ref vault.Ref) (vault.Secret, error) {
	select {
	case <-r.mend:
	default:
		if way, ok := r.ways[ref.Vault]; ok {
			return way.Get(ctx, ref)
		}
	}
	return r.Reader.Get(ctx, ref)
}

// Every way in which a vault cannot be seen, at the webhook and in an audit: the
// reason, the words, the remedy, that a sound object is admitted with a warning and
// a broken one is refused all the same, and that ten seconds after the fault nothing
// is left of it.
func TestFaultMatrix(t *testing.T) {
	all := troubles()
	way := routed{ways: map[string]vault.Reader{}, mend: make(chan struct{})}
	d := open(t, setup{memory: warm.Options{ErrorFor: 5 * time.Second, Timeout: 2 * time.Second}, reader: func(r vault.Reader) vault.Reader {
		way.Reader = r
		return &way
	}})
	for name, x := range all {
		if x.reader != nil {
			way.ways[name] = x.reader(t, d)
		}
	}
	secrets, err := scene.Secrets(certtest.Epoch())
	must(t, err)
	for name, x := range all {
		v := d.vault.Vault(name)
		v.Set("press-1-der", secrets["press-1-der"])
		if x.reader == nil {
			v.Fail(x.fault)
		}
	}
	class := func(vaultName, entry string) *unstructured.Unstructured {
		return object(t, strings.ReplaceAll(scene.Class(strings.TrimSuffix(vaultName, "-kv"), entry), scene.Vault, vaultName))
	}
	good := scene.Entry("press-1-der")
	alice, seen := as(t, "alice")
	told := func(name string) error {
		seen.texts = nil
		return alice.Create(t.Context(), class(name, good), client.DryRunAll)
	}
	e, err := engine.New(engine.Options{Config: input.DefaultConfig()}, policies.Files)
	must(t, err)
	auditor, err := review.New(review.Options{Engine: e, Inventory: inventory, Vault: warm.New(&way, warm.Options{Timeout: 2 * time.Second})})
	must(t, err)
	for name, x := range all {
		err := told(name)
		if x.reason == vault.Disabled {
			if codes := denied(t, err); len(codes) != 1 || codes[0] != "KV-03" {
				t.Errorf("%s: %v", name, codes)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: a sound class is refused: %v", name, err)
		}
		if words := strings.Join(seen.texts, "\n"); !strings.Contains(words, "KV-00") {
			t.Errorf("%s: told %q", name, words)
		}
		broken := class(name, "        - |\n          objectName: press-1-der\n          objectTyp: secret\n")
		if codes := denied(t, alice.Create(t.Context(), broken, client.DryRunAll)); len(codes) == 0 {
			t.Errorf("%s: a broken class is admitted", name)
		}
		audited(t, auditor, name, class(name, good), x)
	}

	for name := range all {
		d.vault.Vault(name).Heal()
	}
	close(way.mend)
	mended := time.Now()
	for name := range all {
		await(t, name+" is seen again", func() bool { return told(name) == nil && !strings.Contains(seen.codes(), "KV-00") })
	}
	t.Logf("all %d are seen %s after the faults", len(all), time.Since(mended).Round(time.Millisecond))
}

// audited checks what an audit says of a class whose vault has a trouble.
func audited(t *testing.T, r *review.Reviewer, name string, class *unstructured.Unstructured, x trouble) {
	t.Helper()
	raw, err := class.MarshalJSON()
	must(t, err)
	o, err := store.Parse(raw)
	must(t, err)
	v, err := r.Review(t.Context(), review.Request{Operation: review.Audit, Subject: o, Peers: noPeers{}, Now: certtest.Epoch()})
	must(t, err)
	if len(v.Problems) != 1 || v.Problems[0].Reason != string(x.reason) || !strings.Contains(v.Problems[0].Message, x.says) {
		t.Errorf("%s: problems %+v, want %s that says %q", name, v.Problems, x.reason, x.says)
	}
	found := false
	for _, f := range v.Findings {
		if f.Code == "KV-00" {
			found = found || strings.Contains(f.Remedy, x.remedy) && strings.Contains(f.Message, string(x.reason))
		}
	}
	if !found {
		t.Errorf("%s: no finding with the remedy %q: %+v", name, x.remedy, v.Findings)
	}
}

// noPeers is a namespace with nothing else in it.
type noPeers struct{}

func (noPeers) Get(context.Context, string, string, string) (*store.Object, error) {
	return nil, store.ErrNotFound
}

func (noPeers) List(context.Context, string, string) ([]*store.Object, error) { return nil, nil }

// However many changes need one secret that nobody saw yet, the vault is asked once.
func TestManyReviewsOfAColdKey(t *testing.T) {
	d := open(t, setup{memory: warm.Options{ErrorFor: 5 * time.Second}})
	d.seed(t)
	d.vault.SetLatency(100 * time.Millisecond)
	alice, _ := as(t, "alice")
	must(t, alice.Create(t.Context(), object(t, scene.Class("first", scene.Entry("press-1-der"))), client.DryRunAll)) // the client has its token
	d.vault.ResetCalls()
	errs := make(chan error, 64)
	for range 64 {
		go func() {
			errs <- alice.Create(context.WithoutCancel(t.Context()), object(t, scene.Class("cold", scene.Entry("plant-ca-der"))), client.DryRunAll)
		}()
	}
	for range 64 {
		must(t, <-errs)
	}
	if n := d.vault.Calls()[keyvault.GetSecret]; n != 1 {
		t.Errorf("%d calls for one secret", n)
	}
}

// A vault that takes calls and never answers (or a firewall that drops packets) keeps
// nobody from changing a sound class: KV-00 is a warning. The memory is as in production,
// where a fetch may take 10 s.
func TestMuteVault(t *testing.T) {
	d := open(t, setup{memory: warm.Options{ErrorFor: 5 * time.Second}})
	d.seed(t)
	d.vault.Vault(scene.Vault).Fail(keyvault.Slow(time.Minute))
	for _, user := range []string{"alice", "system:serviceaccount:azure-arc:agent"} {
		c, seen := as(t, user)
		begun := time.Now()
		err := c.Create(t.Context(), object(t, scene.Class("sound-"+user[:3], scene.Entry("press-1-der"))))
		if err != nil || !strings.Contains(seen.codes(), "KV-00") {
			t.Errorf("%s after %s: %v, warned %q", user, time.Since(begun).Round(100*time.Millisecond), err, seen.codes())
		}
	}
	alice, _ := as(t, "alice")
	broken := object(t, scene.Class("broken", "        - |\n          objectName: other\n          objectTyp: secret\n"+scene.Entry("press-2-der")))
	if codes := denied(t, alice.Create(t.Context(), broken)); len(codes) == 0 {
		t.Error("a broken class is let through")
	}
}
