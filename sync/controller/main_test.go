package controller_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"
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
	"github.com/storewarden/storewarden/sync/controller"
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
)

// rules are compiled once.
var rules = sync.OnceValues(func() (*engine.Engine, error) {
	return engine.New(engine.Options{Config: input.DefaultConfig()}, policies.Files)
})

// plant is a namespace with a vault, and everything of the sync loop real: the judge and
// its rules, the memory and its refresh, the azsecrets client, the API server.
type plant struct {
	t      testing.TB
	ns     string
	kv     *keyvault.Server
	now    atomic.Int64
	memory *warm.Memory
	reader *azure.Reader
	cycle  func(context.Context)
	opt    controller.Options
	sync   *controller.Controller
	sse    sse.Controller

	mu     sync.Mutex
	events []string
}

func newPlant(t testing.TB) *plant {
	t.Helper()
	p := &plant{t: t, ns: srv.Namespace(t)}
	p.now.Store(certtest.Epoch().Unix())
	p.kv = keyvault.New(keyvault.Options{Now: p.clock})
	endpoint, caPEM, err := p.kv.Start()
	must(t, err)
	t.Cleanup(p.kv.Close)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(caPEM)
	p.reader, err = azure.New(azure.Options{Endpoint: endpoint, CA: pool, Credential: keyvault.StaticToken("t")})
	must(t, err)
	p.kv.Vault(kvName)
	p.sse = sse.Controller{Client: srv.Client, Vault: p.reader}
	inventory := store.Inventory{Namespaces: []string{p.ns}}
	p.opt = controller.Options{Client: srv.Client, Peers: cluster.NewLive(srv.Client), Inventory: inventory, Values: p.reader,
		ExpiryWarning: 30 * 24 * time.Hour, Poll: 5 * time.Minute, Now: p.clock, Event: p.event}
	p.restart()
	p.create(fmt.Sprintf(`
apiVersion: secrets-store.csi.x-k8s.io/v1
kind: SecretProviderClass
metadata: {name: spc}
spec:
  provider: azure
  parameters: {keyvaultName: %s, clientID: 00000000-0000-0000-0000-000000000001, tenantID: 00000000-0000-0000-0000-000000000002}`, kvName))
	return p
}

// restart is a new process: nothing is remembered.
func (p *plant) restart() {
	p.t.Helper()
	e, err := rules()
	must(p.t, err)
	p.memory = warm.New(p.reader, warm.Options{Now: p.clock, FreshFor: 10 * time.Minute, ErrorFor: time.Nanosecond, ColdLimit: 1_000_000, Budget: 1_000_000})
	r, err := review.New(review.Options{Engine: e, Inventory: p.opt.Inventory, Vault: p.memory, ExpiryWarning: p.opt.ExpiryWarning})
	must(p.t, err)
	p.opt.Judge, p.opt.Vault, p.opt.Listings = r, p.memory, p.memory
	p.sync, err = controller.New(p.opt)
	must(p.t, err)
	p.cycle = warm.Cycle(p.memory, warm.RefreshOptions{Lister: p.reader, Wanted: func() []vault.Ref { return p.sync.Wanted() }, Listed: func() []vault.Ref { return p.sync.Listed() }})
}

func (p *plant) clock() time.Time { return time.Unix(p.now.Load(), 0) }

func (p *plant) event(o *unstructured.Unstructured, warning bool, reason, message string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = append(p.events, fmt.Sprintf("%s %t %s: %s", o.GetName(), warning, reason, message))
}

func (p *plant) told(part string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Contains(strings.Join(p.events, "\n"), part)
}

// poll is a refresh and a pass over the stores, five minutes later.
func (p *plant) poll(stores ...string) {
	p.t.Helper()
	p.now.Add(300)
	p.cycle(p.t.Context())
	p.pass(stores...)
}

// pass is one pass over each store; a second one where the first learnt that a vault
// must be listed.
func (p *plant) pass(stores ...string) {
	p.t.Helper()
	for _, name := range stores {
		if _, err := p.sync.Sync(p.t.Context(), p.key(name)); err != nil {
			p.t.Fatalf("%s: %v", name, err)
		}
	}
}

func (p *plant) key(name string) client.ObjectKey {
	return client.ObjectKey{Namespace: p.ns, Name: name}
}

func (p *plant) create(text string) *unstructured.Unstructured {
	p.t.Helper()
	u := &unstructured.Unstructured{}
	must(p.t, yaml.Unmarshal([]byte(text), &u.Object))
	u.SetNamespace(p.ns)
	must(p.t, srv.Client.Create(p.t.Context(), u))
	return u
}

// declare makes a ConnectorStore; more are further lines of the spec.
func (p *plant) declare(name, role, secret, sources string, more ...string) *unstructured.Unstructured {
	p.t.Helper()
	return p.create(fmt.Sprintf("apiVersion: storewarden.io/v1alpha1\nkind: ConnectorStore\nmetadata: {name: %s}\nspec:\n  role: %s\n  secretName: %s\n  vault: {secretProviderClassName: spc}\n  sources: [%s]\n%s",
		name, role, secret, sources, strings.Join(more, "\n")))
}

// change edits a ConnectorStore.
func (p *plant) change(name string, edit func(spec map[string]any, o *unstructured.Unstructured)) {
	p.t.Helper()
	must(p.t, retry.RetryOnConflict(retry.DefaultRetry, func() error { // the loop writes its status
		u := p.connectorStore(name)
		spec, _, _ := unstructured.NestedMap(u.Object, "spec")
		edit(spec, u)
		must(p.t, unstructured.SetNestedMap(u.Object, spec, "spec"))
		return srv.Client.Update(p.t.Context(), u)
	}))
}

func (p *plant) connectorStore(name string) *unstructured.Unstructured {
	p.t.Helper()
	u := &unstructured.Unstructured{}
	u.SetAPIVersion(store.ConnectorStoreAPI)
	u.SetKind(store.KindConnectorStore)
	must(p.t, srv.Client.Get(p.t.Context(), p.key(name), u))
	return u
}

// state is a ConnectorStore's status in words: the reason of Ready, and each key's state.
func (p *plant) state(name string) string {
	p.t.Helper()
	var s struct {
		Conditions []metav1.Condition
		Entries    []controller.EntryStatus
	}
	raw, err := json.Marshal(p.connectorStore(name).Object["status"])
	must(p.t, err)
	must(p.t, json.Unmarshal(raw, &s))
	out := ""
	for _, c := range s.Conditions {
		if c.Type == "Ready" {
			out = c.Reason
		}
	}
	for _, e := range s.Entries {
		out += " " + e.Key + ":" + string(e.State)
		if len(e.Findings) > 0 {
			out += "(" + strings.Join(e.Findings, ",") + ")"
		}
	}
	return out
}

// condition is one of a ConnectorStore's.
func (p *plant) condition(name, kind string) metav1.Condition {
	p.t.Helper()
	var s struct{ Conditions []metav1.Condition }
	raw, err := json.Marshal(p.connectorStore(name).Object["status"])
	must(p.t, err)
	must(p.t, json.Unmarshal(raw, &s))
	for _, c := range s.Conditions {
		if c.Type == kind {
			return c
		}
	}
	return metav1.Condition{}
}

func (p *plant) want(name, state string) {
	p.t.Helper()
	if got := p.state(name); got != state {
		p.t.Errorf("%s is %q, want %q: %s", name, got, state, p.condition(name, "Ready").Message)
	}
}

// secret is a Secret, nil if it does not exist.
func (p *plant) secret(name string) *corev1.Secret {
	p.t.Helper()
	s := &corev1.Secret{}
	err := srv.Client.Get(p.t.Context(), p.key(name), s)
	if apierrors.IsNotFound(err) {
		return nil
	}
	must(p.t, err)
	return s
}

// holds checks a Secret's data, byte for byte.
func (p *plant) holds(name string, want map[string][]byte) {
	p.t.Helper()
	s := p.secret(name)
	if s == nil {
		p.t.Errorf("Secret %s does not exist", name)
		return
	}
	for key, v := range want {
		if string(s.Data[key]) != string(v) {
			p.t.Errorf("Secret %s: %s is not what it should be (%d bytes, want %d)", name, key, len(s.Data[key]), len(v))
		}
	}
	for key := range s.Data {
		if _, ok := want[key]; !ok {
			p.t.Errorf("Secret %s holds %s, which it should not", name, key)
		}
	}
}

// put stores a file in the vault as the az CLI does.
func (p *plant) put(name string, raw []byte, tags ...string) {
	p.t.Helper()
	all := map[string]string{"file-encoding": "hex"}
	for _, t := range tags {
		k, v, _ := strings.Cut(t, "=")
		all[k] = v
	}
	contentType := "application/pkix-cert"
	if strings.HasSuffix(name, "-crl") {
		contentType = "application/pkix-crl"
	}
	p.kv.Vault(kvName).Set(name, keyvault.Secret{Value: fmt.Sprintf("%x", raw), ContentType: contentType, Tags: all})
	p.now.Add(3) // a change within the second of a look is seen at the one after
}

func leaf(t testing.TB, name string, o certtest.Options) *certtest.Cert {
	t.Helper()
	o.CommonName, o.Key, o.URIs = name, certtest.RSA2048, []string{"urn:plant:" + name}
	return certtest.Must(certtest.SelfSigned(o))(t)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
