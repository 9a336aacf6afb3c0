package hand_test

import (
	"context"
	"crypto/sha1"
	"crypto/x509"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/yaml"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/store/cluster"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/azure"
	"github.com/storewarden/storewarden/certs/vault/warm"
	"github.com/storewarden/storewarden/policies"
	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/input"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/sync/hand"
	"github.com/storewarden/storewarden/test/apiserver"
	"github.com/storewarden/storewarden/test/certtest"
	"github.com/storewarden/storewarden/test/keyvault"
	"github.com/storewarden/storewarden/test/sse"
)

// srv is the one API server of this package's tests; each test has a namespace.
var srv *apiserver.Server

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(apiserver.Main(m, &srv, apiserver.Options{CRDs: true}))
}

const (
	trust  = "aio-opc-ua-broker-trust-list"
	issuer = "aio-opc-ua-broker-issuer-list"
	own    = "aio-opc-ua-broker-client-certificate"
	kvName = "plant-kv"
	class  = "spc-ops-4f74e85"
)

var rules = sync.OnceValues(func() (*engine.Engine, error) {
	return engine.New(engine.Options{Config: input.DefaultConfig()}, policies.Files)
})

// plant is a namespace with a vault, all of it real: the API server, the azsecrets
// client, the judge and its rules.
type plant struct {
	t     *testing.T
	ns    string
	kv    *keyvault.Vault
	hand  *hand.Hand
	vault hand.Vault
	sse   sse.Controller
	// stop is asked before and after each write, in the cluster and in the vault; an
	// error stops there.
	stop func(call string, after bool) error
	srv  *keyvault.Server
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newPlant(t *testing.T) *plant {
	t.Helper()
	p := &plant{t: t, ns: srv.Namespace(t), stop: func(string, bool) error { return nil }}
	p.srv = keyvault.New(keyvault.Options{Now: certtest.Epoch})
	endpoint, caPEM, err := p.srv.Start()
	must(t, err)
	t.Cleanup(p.srv.Close)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(caPEM)
	reader, err := azure.New(azure.Options{Endpoint: endpoint, CA: pool, Credential: keyvault.StaticToken("t")})
	must(t, err)
	p.kv = p.srv.Vault(kvName)
	p.sse = sse.Controller{Client: srv.Client, Vault: reader}
	cl, err := client.NewWithWatch(srv.Config, client.Options{})
	must(t, err)
	p.vault = interrupted{azure.NewWriter(reader), p}
	p.hand = p.newHand(p.watched(cl), p.vault)
	p.create(fmt.Sprintf(`
apiVersion: secrets-store.csi.x-k8s.io/v1
kind: SecretProviderClass
metadata: {name: %s}
spec:
  provider: azure
  parameters: {keyvaultName: %s, clientID: 00000000-0000-0000-0000-000000000001, tenantID: 00000000-0000-0000-0000-000000000002}`, class, kvName))
	return p
}

func (p *plant) newHand(cl client.Client, v hand.Vault) *hand.Hand {
	p.t.Helper()
	e, err := rules()
	must(p.t, err)
	inventory := store.Inventory{Namespaces: []string{p.ns}}
	h, err := hand.New(hand.Options{Client: cl, Peers: cluster.NewLive(srv.Client), Vault: v, Inventory: inventory, Namespaces: []string{p.ns},
		Judge:         func(r vault.Reader) (*review.Reviewer, error) { return newReviewer(e, inventory, r) },
		ExpiryWarning: 30 * 24 * time.Hour, Now: certtest.Epoch})
	must(p.t, err)
	return h
}

func newReviewer(e *engine.Engine, inventory store.Inventory, r vault.Reader) (*review.Reviewer, error) {
	o := review.Options{Engine: e, Inventory: inventory, ExpiryWarning: 30 * 24 * time.Hour}
	if r != nil {
		o.Vault = warm.New(r, warm.Options{Now: certtest.Epoch, ErrorFor: time.Nanosecond, ColdLimit: 1_000_000, Budget: 1_000_000})
	}
	return review.New(o)
}

// watched asks plant.stop around each write of objects.
func (p *plant) watched(c client.WithWatch) client.Client {
	around := func(call string, do func() error) error {
		if err := p.stop(call, false); err != nil {
			return err
		}
		if err := do(); err != nil {
			return err
		}
		return p.stop(call, true)
	}
	return interceptor.NewClient(c, interceptor.Funcs{
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			if strings.HasSuffix(fmt.Sprintf("%T", o), "AccessReview") {
				return c.Create(ctx, o, opts...)
			}
			return around("create "+kindOf(o), func() error { return c.Create(ctx, o, opts...) })
		},
		Patch: func(ctx context.Context, c client.WithWatch, o client.Object, patch client.Patch, opts ...client.PatchOption) error {
			return around("patch "+kindOf(o), func() error { return c.Patch(ctx, o, patch, opts...) })
		},
		Delete: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
			return around("delete "+kindOf(o), func() error { return c.Delete(ctx, o, opts...) })
		},
	})
}

func kindOf(o client.Object) string { return o.GetObjectKind().GroupVersionKind().Kind }

// interrupted asks plant.stop around each write of the vault.
type interrupted struct {
	hand.Vault
	p *plant
}

func (v interrupted) around(call string, do func() error) error {
	if err := v.p.stop(call, false); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	return v.p.stop(call, true)
}

func (v interrupted) Set(ctx context.Context, ref vault.Ref, d vault.Draft) (s vault.Secret, err error) {
	err = v.around("set secret", func() error { s, err = v.Vault.Set(ctx, ref, d); return err })
	return s, err
}

func (v interrupted) Delete(ctx context.Context, ref vault.Ref) error {
	return v.around("delete secret", func() error { return v.Vault.Delete(ctx, ref) })
}

func (v interrupted) Purge(ctx context.Context, ref vault.Ref) error {
	return v.around("purge secret", func() error { return v.Vault.Purge(ctx, ref) })
}

func (p *plant) create(text string) *unstructured.Unstructured {
	p.t.Helper()
	u := &unstructured.Unstructured{}
	must(p.t, yaml.Unmarshal([]byte(text), &u.Object))
	u.SetNamespace(p.ns)
	must(p.t, srv.Client.Create(p.t.Context(), u))
	return u
}

func (p *plant) get(api, kind, name string) *unstructured.Unstructured {
	p.t.Helper()
	u := &unstructured.Unstructured{}
	u.SetAPIVersion(api)
	u.SetKind(kind)
	if client.IgnoreNotFound(srv.Client.Get(p.t.Context(), client.ObjectKey{Namespace: p.ns, Name: name}, u)) != nil {
		p.t.Fatalf("%s %s cannot be read", kind, name)
	}
	return u
}

func (p *plant) objects() string {
	s, _, _ := unstructured.NestedString(p.get(store.SecretProviderClassAPI, store.KindSecretProviderClass, class).Object, "spec", "parameters", "objects")
	return s
}

// mappings are those of a SecretSync, as source>key.
func (p *plant) mappings(name string) string {
	list, _, _ := unstructured.NestedSlice(p.get(store.SecretSyncAPI, store.KindSecretSync, name).Object, "spec", "secretObject", "data")
	var out []string
	for _, v := range list {
		m := v.(map[string]any)
		out = append(out, fmt.Sprintf("%s>%s", m["sourcePath"], m["targetKey"]))
	}
	return strings.Join(out, " ")
}

// add plans and applies, and fails the test where it is refused.
func (p *plant) add(storeName string, items ...hand.Item) *hand.Plan {
	p.t.Helper()
	plan := p.planAdd(storeName, items...)
	if plan.Refused() {
		p.t.Fatalf("refused: %+v", plan.Refusals)
	}
	must(p.t, p.hand.Apply(p.t.Context(), plan, nil))
	return plan
}

func (p *plant) planAdd(storeName string, items ...hand.Item) *hand.Plan {
	p.t.Helper()
	plan, err := p.hand.PlanAdd(p.t.Context(), hand.AddRequest{Store: storeName, Items: items})
	must(p.t, err)
	return plan
}

func (p *plant) planRemove(req hand.RemoveRequest) *hand.Plan {
	p.t.Helper()
	plan, err := p.hand.PlanRemove(p.t.Context(), req)
	must(p.t, err)
	return plan
}

// denied are the findings that deny, over all SecretProviderClasses and SecretSyncs: what
// a person would be refused if they applied what is there.
func (p *plant) denied() []string {
	p.t.Helper()
	e, err := rules()
	must(p.t, err)
	r, err := newReviewer(e, store.Inventory{Namespaces: []string{p.ns}}, p.sse.Vault)
	must(p.t, err)
	live := cluster.NewLive(srv.Client)
	var out []string
	for _, kind := range []string{store.KindSecretProviderClass, store.KindSecretSync, store.KindConnectorStore} {
		all, err := live.List(p.t.Context(), kind, p.ns)
		must(p.t, err)
		for _, o := range all {
			v, err := r.Review(p.t.Context(), review.Request{Operation: review.Audit, Subject: o, Peers: live, Now: certtest.Epoch()})
			must(p.t, err)
			for _, f := range v.Findings {
				if f.Severity == verdict.Deny {
					out = append(out, fmt.Sprintf("%s %s %s %s", f.Code, o.ID.Kind, o.ID.Name, f.Entry))
				}
			}
		}
	}
	return out
}

func server(t *testing.T, name string) *certtest.Cert {
	t.Helper()
	return certtest.Must(certtest.SelfSigned(certtest.Options{CommonName: name, Key: certtest.RSA2048, URIs: []string{"urn:plant:" + name}}))(t)
}

func codes(all []hand.Notice) string {
	var out []string
	for _, n := range all {
		out = append(out, n.Code)
	}
	return strings.Join(out, " ")
}

// thumbprint is the SHA-1 as devices show it.
func thumbprint(der []byte) string {
	sum := sha1.Sum(der)
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}
