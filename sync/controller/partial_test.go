package controller_test

import (
	"context"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/store/cluster"
	"github.com/storewarden/storewarden/certs/vault/warm"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/test/certtest"
	"github.com/storewarden/storewarden/test/keyvault"
)

// blindTo are peers that one object cannot be read of.
type blindTo struct {
	review.Peers
	kind, name string
	off        bool
}

func (b *blindTo) Get(ctx context.Context, kind, ns, name string) (*store.Object, error) {
	if !b.off && kind == b.kind && name == b.name {
		return nil, errors.New("get: the server was unable to return a response in the time allotted")
	}
	return b.Peers.Get(ctx, kind, ns, name)
}

// chained fills a trust list, and an issuer list to which chainPolicy adds the issuer of
// what the trust list holds.
func chained(p *plant) (issuers map[string][]byte) {
	t := p.t
	t.Helper()
	root, other := ca(t, "Root", certtest.Options{}), ca(t, "Other", certtest.Options{})
	press := certtest.Must(root.Issue(certtest.Options{CommonName: "press", Key: certtest.RSA2048, URIs: []string{"urn:plant:press"}}))(t)
	p.put("press-der", press.DER)
	p.put("root-der", root.DER)
	p.put("other-der", other.DER)
	p.declare("trust", "opcua-trust", trust, "{name: press, vaultSecret: {name: press-der}}")
	p.declare("issuers", "opcua-issuer", issuer, "{name: other, vaultSecret: {name: other-der}}", "  chainPolicy: FromVault", "  prunePolicy: Delete")
	p.pass("trust", "issuers")
	p.poll("trust", "issuers")
	p.poll("trust", "issuers")
	issuers = map[string][]byte{"root.der": root.DER, "other.der": other.DER}
	p.holds(issuer, issuers)
	return issuers
}

// What chainPolicy added stays while the SecretProviderClass, or the list whose issuers
// are added, cannot be read.
func TestAChainThatIsNotSeenTakesNothing(t *testing.T) {
	t.Run("class", func(t *testing.T) {
		l, cl := over(t)
		p := newPlant(t)
		p.opt.Peers = cluster.NewLive(cl)
		p.restart()
		root := ca(t, "Root", certtest.Options{})
		rootCRL := crlOf(t, root)
		p.put("root-der", root.DER)
		p.put("root-crl", rootCRL)
		p.declare("issuers", "opcua-issuer", issuer, "{name: root, vaultSecret: {name: root-der}}", "  chainPolicy: FromVault", "  prunePolicy: Delete")
		p.pass("issuers")
		p.poll("issuers")
		p.poll("issuers")
		want := map[string][]byte{"root.der": root.DER, "root.crl": rootCRL}
		p.holds(issuer, want)
		l.set(true, 0)
		_, _ = p.sync.Sync(t.Context(), p.key("issuers"))
		p.holds(issuer, want)
	})
	t.Run("list", func(t *testing.T) {
		p := newPlant(t)
		b := &blindTo{Peers: p.opt.Peers, kind: store.KindSecret, name: trust, off: true}
		p.opt.Peers = b
		p.restart()
		want := chained(p)
		b.off = false
		_, _ = p.sync.Sync(t.Context(), p.key("issuers"))
		p.holds(issuer, want)
	})
}

// A tagged CRL stays while the vault lists but does not give: its key cannot be told.
func TestATaggedCRLOutlivesThrottling(t *testing.T) {
	p := newPlant(t)
	root := ca(t, "Root", certtest.Options{})
	rootCRL := crlOf(t, root)
	p.put("root-der", root.DER, "store=issuer")
	p.put("root-crl", rootCRL, "store=issuer")
	p.declare("issuers", "opcua-issuer", issuer, "{name: tagged, vaultTags: {match: {store: issuer}}}", "  prunePolicy: Delete")
	p.pass("issuers")
	p.poll("issuers")
	p.poll("issuers")
	want := map[string][]byte{"root.der": root.DER, "root.crl": rootCRL}
	p.holds(issuer, want)
	p.kv.Vault(kvName).Fail(keyvault.Fault{Operation: keyvault.GetSecret, Status: 500, Code: "InternalServerError"})
	p.restart()
	p.pass("issuers")
	p.poll("issuers")
	p.holds(issuer, want)
}

// A CA that no source names stays while something chains to it, also where the one that
// is to follow it is held back.
func TestACAStaysWhileItsSuccessorIsHeld(t *testing.T) {
	p := newPlant(t)
	root, other := ca(t, "Root", certtest.Options{}), ca(t, "Other", certtest.Options{})
	press := certtest.Must(root.Issue(certtest.Options{CommonName: "press", Key: certtest.RSA2048, URIs: []string{"urn:plant:press"}}))(t)
	bad := ca(t, "Root", certtest.Options{KeyName: "Root", NotBefore: certtest.Epoch().AddDate(-3, 0, 0), NotAfter: certtest.Epoch().AddDate(-2, 0, 0)})
	p.put("press-der", press.DER)
	p.put("root-der", root.DER)
	p.put("other-der", other.DER)
	p.put("root2-der", bad.DER)
	p.declare("trust", "opcua-trust", trust, "{name: press, vaultSecret: {name: press-der}}")
	p.declare("issuers", "opcua-issuer", issuer, "{name: other, vaultSecret: {name: other-der}}, {name: root, vaultSecret: {name: root-der}}", "  prunePolicy: Delete")
	p.pass("trust", "issuers")
	p.holds(issuer, map[string][]byte{"root.der": root.DER, "other.der": other.DER})
	p.change("issuers", func(spec map[string]any, _ *unstructured.Unstructured) {
		spec["sources"].([]any)[1] = map[string]any{"name": "root", "vaultSecret": map[string]any{"name": "root2-der"}}
	})
	p.pass("issuers")
	p.holds(issuer, map[string][]byte{"root.der": root.DER, "other.der": other.DER})
}

// refusing is an API server that takes no Secret.
type refusing struct {
	client.Client
	on bool
}

func (r *refusing) Apply(ctx context.Context, obj runtime.ApplyConfiguration, opts ...client.ApplyOption) error {
	if r.on {
		return apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, trust, errors.New("exceeded quota"))
	}
	return r.Client.Apply(ctx, obj, opts...)
}

// What is told of the entries is what the Secret holds, also where the write failed.
func TestAFailedWriteIsNotToldAsDone(t *testing.T) {
	p := newPlant(t)
	r := &refusing{Client: p.opt.Client}
	p.opt.Client = r
	p.restart()
	old := leaf(t, "press", certtest.Options{NotAfter: certtest.Epoch().AddDate(0, 0, 10)})
	next := leaf(t, "press", certtest.Options{KeyName: "next", NotAfter: certtest.Epoch().AddDate(2, 0, 0)})
	p.put("press-der", old.DER)
	p.declare("trust", "opcua-trust", trust, "{name: press, vaultSecret: {name: press-der}}")
	p.pass("trust")
	if c := p.condition("trust", "Expiring"); c.Status != "True" {
		t.Fatalf("Expiring is %s", c.Status)
	}
	r.on = true
	p.put("press-der", next.DER)
	p.now.Add(300)
	p.cycle(t.Context())
	_, _ = p.sync.Sync(t.Context(), p.key("trust"))
	p.holds(trust, map[string][]byte{"press.der": old.DER})
	if c := p.condition("trust", "Expiring"); c.Status != "True" {
		t.Errorf("the list holds what ends in 10 days, and Expiring is %s (%s)", c.Status, c.Reason)
	}
	if s := p.state("trust"); strings.Contains(s, "press.der:Synced") {
		t.Errorf("the list does not hold what the vault does, and the state is %s", s)
	}
}

// A pass that another has overtaken (the leader before, or a request that the API server
// kept waiting) takes nothing away that the other wrote.
func TestAnOvertakenPassTakesNothing(t *testing.T) {
	p := newPlant(t)
	press, saw := leaf(t, "press", certtest.Options{}), leaf(t, "saw", certtest.Options{})
	next := leaf(t, "press", certtest.Options{KeyName: "next"})
	p.put("press-der", press.DER)
	p.put("saw-der", saw.DER)
	p.declare("trust", "opcua-trust", trust, "{name: press, vaultSecret: {name: press-der}}")
	p.pass("trust")
	p.put("press-der", next.DER)
	p.now.Add(300)
	p.cycle(t.Context())
	plain, slow := p.opt.Client, p.sync
	_ = slow
	p.opt.Client = before{plain, func() {
		fresh := p.opt
		fresh.Client = plain
		was := p.opt
		p.opt = fresh
		p.restart() // the new leader
		p.change("trust", func(spec map[string]any, _ *unstructured.Unstructured) {
			spec["sources"] = append(spec["sources"].([]any), map[string]any{"name": "saw", "vaultSecret": map[string]any{"name": "saw-der"}})
		})
		p.pass("trust")
		p.holds(trust, map[string][]byte{"press.der": next.DER, "saw.der": saw.DER})
		p.opt = was
	}}
	p.restart()
	if _, err := p.sync.Sync(t.Context(), p.key("trust")); err == nil {
		t.Error("a pass that was overtaken is not made again")
	}
	p.holds(trust, map[string][]byte{"press.der": next.DER, "saw.der": saw.DER})
}

// A vault that does not answer holds up what it is needed for, and nothing else. The
// times are a tenth of those in use: a pass has a minute, and a call 10 seconds.
func TestASilentVaultDoesNotStopThePass(t *testing.T) {
	p := newPlant(t)
	sources := []string{"{name: bundle, configMap: {name: cas, key: ca.crt}}"}
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		p.put(name+"-der", leaf(t, name, certtest.Options{}).DER)
		sources = append(sources, "{name: "+name+", vaultSecret: {name: "+name+"-der}}")
	}
	root := ca(t, "Root", certtest.Options{})
	p.configMap("cas", root.PEM())
	p.declare("trust", "opcua-trust", trust, join(sources))
	p.opt.Peers = cluster.NewLive(srv.Client)
	p.kv.Vault(kvName).Fail(keyvault.Slow(time.Hour))
	p.memoryWith(warm.Options{Now: p.clock, FreshFor: 10 * time.Minute, Timeout: time.Second, ColdLimit: 1_000_000, Budget: 1_000_000})
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
	defer cancel()
	_, err := p.sync.Sync(ctx, p.key("trust"))
	if err != nil {
		t.Errorf("the pass failed: %v", err)
	}
	if s := p.secret(trust); s == nil || len(s.Data) != 1 {
		t.Error("what needs no vault was not written")
	}
	t.Logf("%q", p.state("trust"))
}

func (p *plant) configMap(name string, text []byte) {
	p.t.Helper()
	u := &unstructured.Unstructured{Object: map[string]any{"data": map[string]any{"ca.crt": string(text)}}}
	u.SetAPIVersion("v1")
	u.SetKind("ConfigMap")
	u.SetName(name)
	u.SetNamespace(p.ns)
	must(p.t, client.IgnoreAlreadyExists(srv.Client.Create(p.t.Context(), u.DeepCopy())))
	must(p.t, srv.Client.Update(p.t.Context(), u))
}

// memoryWith is restart with other times.
func (p *plant) memoryWith(o warm.Options) {
	p.restart()
	*p.memory = *warm.New(p.reader, o) //nolint:govet // nobody uses it yet
}

// A bundle that is damaged in part takes nothing away, and is told.
func TestADamagedBundle(t *testing.T) {
	p := newPlant(t)
	one, two, three := ca(t, "One", certtest.Options{}), ca(t, "Two", certtest.Options{}), ca(t, "Three", certtest.Options{})
	text := string(one.PEM()) + string(two.PEM()) + string(three.PEM())
	p.configMap("cas", []byte(text))
	p.declare("issuers", "opcua-issuer", issuer, "{name: cas, configMap: {name: cas, key: ca.crt}}", "  prunePolicy: Delete")
	p.pass("issuers")
	want := map[string][]byte{thumb("cas", one, ".der"): one.DER, thumb("cas", two, ".der"): two.DER, thumb("cas", three, ".der"): three.DER}
	p.holds(issuer, want)
	damaged := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: three.DER[:len(three.DER)-40]}))
	for name, text := range map[string]string{
		"block":     string(one.PEM()) + string(two.PEM()) + damaged,
		"truncated": text[:len(text)-60],
	} {
		p.configMap("cas", []byte(text))
		p.pass("issuers")
		p.holds(issuer, want)
		if s := p.state("issuers"); strings.HasPrefix(s, "Synced ") {
			t.Errorf("%s: a damaged bundle is told as %s", name, s)
		}
		p.configMap("cas", []byte(string(one.PEM())+string(two.PEM())+string(three.PEM())))
		p.pass("issuers")
	}
}

// The condition tells that the vault does not answer, also while what is known of it is
// still of use.
func TestAVaultThatIsAwayIsTold(t *testing.T) {
	p := newPlant(t)
	p.put("press-der", leaf(t, "press", certtest.Options{}).DER)
	p.declare("trust", "opcua-trust", trust, "{name: press, vaultSecret: {name: press-der}}")
	p.poll("trust")
	p.poll("trust")
	p.kv.Vault(kvName).Fail(keyvault.Dropped())
	for range 10 {
		p.poll("trust")
	}
	if c := p.condition("trust", "VaultReachable"); c.Status != "False" {
		t.Errorf("the vault is away for 50 minutes, and VaultReachable is %s (%s)", c.Status, c.Reason)
	}
}

// unreadable is an API server that does not let a Secret be read.
type unreadable struct {
	client.Client
	on bool
}

func (u *unreadable) Get(ctx context.Context, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
	if o, ok := obj.(*unstructured.Unstructured); u.on && ok && o.GetKind() == "Secret" {
		return apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, key.Name, errors.New("no RBAC policy matched"))
	}
	return u.Client.Get(ctx, key, obj, opts...)
}

// A Secret that may not be read is told in the condition, and not as Synced.
func TestASecretThatMayNotBeReadIsTold(t *testing.T) {
	p := newPlant(t)
	u := &unreadable{Client: p.opt.Client}
	p.opt.Client = u
	p.restart()
	p.put("press-der", leaf(t, "press", certtest.Options{}).DER)
	p.declare("trust", "opcua-trust", trust, "{name: press, vaultSecret: {name: press-der}}")
	p.pass("trust")
	u.on = true
	for range 3 {
		_, _ = p.sync.Sync(t.Context(), p.key("trust"))
		p.now.Add(300)
	}
	if c := p.condition("trust", "Ready"); c.Status != "False" {
		t.Errorf("the Secret may not be read, and Ready is %s (%s)", c.Status, c.Reason)
	}
}

// A Secret that somebody makes while ours is to be created is not ours.
func TestASecretMadeMeanwhileIsNotTaken(t *testing.T) {
	p := newPlant(t)
	p.put("root-der", ca(t, "Root", certtest.Options{}).DER)
	p.declare("own", "opcua-issuer", "app-secret", "{name: root, vaultSecret: {name: root-der}}")
	plain := p.opt.Client
	p.opt.Client = before{plain, func() {
		p.create("apiVersion: v1\nkind: Secret\nmetadata: {name: app-secret}\nstringData: {password: x}")
	}}
	p.restart()
	_, err := p.sync.Sync(t.Context(), p.key("own"))
	if s := p.secret("app-secret"); len(s.Data) != 1 || len(s.Labels) > 0 {
		t.Errorf("another's Secret has %d keys and the labels %v (%v)", len(s.Data), s.Labels, err)
	}
}

// A trust list that is made anew does not take its issuers along.
func TestAListMadeAnewKeepsItsIssuers(t *testing.T) {
	p := newPlant(t)
	want := chained(p)
	must(t, srv.Client.Delete(t.Context(), p.secret(trust)))
	p.pass("issuers")
	p.holds(issuer, want)
}
