package controller_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/store/cluster"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/policies"
	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/input"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/sync/controller"
	"github.com/storewarden/storewarden/sync/plan"
	"github.com/storewarden/storewarden/test/certtest"
	"github.com/storewarden/storewarden/test/keyvault"
	"github.com/storewarden/storewarden/test/sse"
)

// Whatever the vault does, the list holds what it held; what is good goes on arriving
// once it is over, and the condition tells the trouble by its reason.
func TestVaultFaults(t *testing.T) {
	p := newPlant(t)
	press, next := leaf(t, "press", certtest.Options{}), leaf(t, "press", certtest.Options{KeyName: "next"})
	key := certtest.Must(certtest.SelfSigned(certtest.Options{CommonName: "pem", Key: certtest.RSA2048}))(t)
	p.put("press-der", press.DER)
	p.put("tagged-der", ca(t, "Tagged", certtest.Options{}).DER, "store=issuer")
	p.put("pem-crt", key.PEM())
	p.declare("trust", "opcua-trust", trust, "{name: press, vaultSecret: {name: press-der}}, {name: pem, vaultSecret: {name: pem-crt, key: pem.crt}}", "  prunePolicy: Delete")
	p.declare("issuers", "opcua-issuer", issuer, "{name: tagged, vaultTags: {match: {store: issuer}}}", "  prunePolicy: Delete")
	p.poll("trust", "issuers")
	p.poll("trust", "issuers")
	held := map[string]map[string][]byte{trust: maps.Clone(p.secret(trust).Data), issuer: maps.Clone(p.secret(issuer).Data)}
	if len(held[trust]) != 2 || len(held[issuer]) != 1 {
		t.Fatalf("%v", held)
	}
	for name, fault := range map[string]keyvault.Fault{
		"forbidden": keyvault.Denied(keyvault.ForbiddenByRbac), "firewall": keyvault.Denied(keyvault.ForbiddenByFirewall), "tenant": keyvault.WrongTenant(),
		"throttled": keyvault.Throttled("1"), "broken": keyvault.Broken(500), "dropped": keyvault.Dropped(), "portal": {Status: 200, Body: "<html>"},
		"not found for all": {Status: 404, Code: "SecretNotFound"}, "disabled": {Status: 403, Code: "Forbidden", InnerCode: "SecretDisabled"},
		"an empty list": {Operation: keyvault.ListSecrets, Status: 200, Body: `{"value":[]}`},
	} {
		for _, restarted := range []bool{false, true} {
			p.kv.Vault(kvName).Fail(fault)
			if restarted {
				p.restart()
			}
			for range 3 {
				p.poll("trust", "issuers")
			}
			p.holds(trust, held[trust])
			p.holds(issuer, held[issuer])
			if restarted && name != "an empty list" {
				if c := p.condition("trust", "Ready"); c.Reason != "EntriesMissing" || c.Message == "" {
					t.Errorf("%s: Ready is %s %q", name, c.Reason, c.Message)
				}
			}
			p.kv.Vault(kvName).Heal()
			p.now.Add(120)
		}
		p.restart()
		p.poll("trust", "issuers")
		p.poll("trust", "issuers")
		p.want("trust", "Synced pem.crt:Synced(X-28) press.der:Synced")
	}
	p.put("press-der", next.DER)
	p.poll("trust")
	held[trust]["press.der"] = next.DER
	p.holds(trust, held[trust])
}

// cut stands between the loop and the API server or the vault, and ends the process at
// a call: before it is made, or after.
type cut struct {
	client.Client
	vault.Reader
	left  int // calls until the end
	after bool
	hit   bool
}

var errKilled = errors.New("killed")

func (c *cut) call(do func() error) error {
	if c.hit {
		return errKilled
	}
	if c.left--; c.left > 0 {
		return do()
	}
	c.hit = true
	if c.after {
		_ = do()
	}
	return errKilled
}

// outer is cut as a client; a struct with two embedded Gets cannot be one.
type outer struct {
	client.Client
	c *cut
}

func (o outer) Get(ctx context.Context, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
	return o.c.call(func() error { return o.Client.Get(ctx, key, obj, opts...) })
}

func (o outer) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	return o.c.call(func() error { return o.Client.List(ctx, list, opts...) })
}

func (o outer) Apply(ctx context.Context, obj runtime.ApplyConfiguration, opts ...client.ApplyOption) error {
	return o.c.call(func() error { return o.Client.Apply(ctx, obj, opts...) })
}

func (o outer) Status() client.SubResourceWriter { return statusWriter{o.Client.Status(), o.c} }

type statusWriter struct {
	client.SubResourceWriter
	c *cut
}

func (w statusWriter) Patch(ctx context.Context, obj client.Object, patch client.Patch, opts ...client.SubResourcePatchOption) error {
	return w.c.call(func() error { return w.SubResourceWriter.Patch(ctx, obj, patch, opts...) })
}

type values struct {
	vault.Reader
	c *cut
}

func (v values) Get(ctx context.Context, ref vault.Ref) (s vault.Secret, err error) {
	err = v.c.call(func() error { s, err = v.Reader.Get(ctx, ref); return err })
	return s, err
}

// The process is killed at every call that it makes, to the API server and to the
// vault, before it and after it: each time the list holds every good certificate that
// it held, or its successor, pairs are whole, and a new process brings it to the end.
func TestKilledAtEveryStep(t *testing.T) {
	one, two := leaf(t, "broker", certtest.Options{}), leaf(t, "broker", certtest.Options{KeyName: "two"})
	pemKey := func(c *certtest.Cert) []byte { return certtest.Must(c.Key.PEM(certtest.PKCS8))(t) }
	p := newPlant(t)
	begin := func(c *certtest.Cert) {
		p.put("broker-der", c.DER)
		p.put("broker-pem", pemKey(c))
	}
	begin(one)
	p.declare("own", "opcua-client", own, "{name: c, vaultSecret: {name: broker-der, key: broker.der}}, {name: k, vaultSecret: {name: broker-pem, key: broker.pem}}")
	p.pass("own")
	pairs := map[string]map[string][]byte{"one": {"broker.der": one.DER, "broker.pem": pemKey(one)}, "two": {"broker.der": two.DER, "broker.pem": pemKey(two)}}
	plain, reader := p.opt.Client, p.opt.Values
	steps := 0
	for step := 1; ; step++ {
		ended := false
		for _, after := range []bool{false, true} {
			from, to := one, two
			if (step+map[bool]int{true: 1}[after])%2 == 0 {
				from, to = two, one
			}
			begin(from)
			p.opt.Client, p.opt.Peers, p.opt.Values = plain, cluster.NewLive(plain), reader
			p.restart()
			p.poll("own")
			begin(to)
			c := &cut{left: step, after: after}
			p.opt.Client, p.opt.Values = outer{plain, c}, values{reader, c}
			p.opt.Peers = cluster.NewLive(outer{plain, c})
			p.restart()
			_, err := p.sync.Sync(t.Context(), p.key("own"))
			if !c.hit {
				ended = true
			} else if err == nil && !after {
				t.Errorf("step %d: killed, and nobody noticed", step)
			}
			data := p.secret(own).Data
			if !same(data, pairs["one"]) && !same(data, pairs["two"]) {
				t.Fatalf("step %d, after %t: the store holds half of a pair", step, after)
			}
			p.opt.Client, p.opt.Peers, p.opt.Values = plain, cluster.NewLive(plain), reader
			p.restart()
			p.poll("own")
			p.holds(own, map[string][]byte{"broker.der": to.DER, "broker.pem": pemKey(to)})
			p.want("own", "Synced broker.der:Synced broker.pem:Synced")
		}
		if ended {
			break
		}
		steps++
	}
	if steps < 8 {
		t.Errorf("only %d calls were cut", steps)
	}
	t.Logf("killed before and after each of %d calls", steps)
}

func same(a, b map[string][]byte) bool {
	return maps.EqualFunc(a, b, func(x, y []byte) bool { return string(x) == string(y) })
}

// A Secret that changes between reading and writing: taken by another, deleted, made
// anew. Nothing is forced and nothing comes back from the dead; the next pass sees it.
func TestConflictingWriters(t *testing.T) {
	for name, meanwhile := range map[string]func(p *plant, value []byte){
		"taken": func(p *plant, value []byte) {
			p.change2(trust, "v1", "Secret", func(o *unstructured.Unstructured) {
				o.Object["data"].(map[string]any)["press.der"] = "aGFuZA=="
			})
		},
		"deleted": func(p *plant, _ []byte) { must(p.t, srv.Client.Delete(p.t.Context(), p.secret(trust))) },
		"made anew": func(p *plant, _ []byte) {
			must(p.t, srv.Client.Delete(p.t.Context(), p.secret(trust)))
			p.create("apiVersion: v1\nkind: Secret\nmetadata: {name: " + trust + "}\nstringData: {hand.der: x}")
		},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			p := newPlant(t)
			press, next := leaf(t, "press", certtest.Options{}), leaf(t, "press", certtest.Options{KeyName: "next"})
			p.put("press-der", press.DER)
			p.declare("trust", "opcua-trust", trust, "{name: press, vaultSecret: {name: press-der}}")
			p.pass("trust")
			p.put("press-der", next.DER)
			p.now.Add(300)
			p.cycle(t.Context())
			plain := p.opt.Client
			p.opt.Client = before{plain, func() { meanwhile(p, next.DER) }}
			p.restart()
			_, err := p.sync.Sync(t.Context(), p.key("trust"))
			if err == nil {
				t.Error("nobody noticed")
			}
			if c := p.condition("trust", "Ready"); c.Reason != "Conflict" {
				t.Errorf("Ready is %s: %s", c.Reason, c.Message)
			}
			if s := p.secret(trust); name == "deleted" && s != nil {
				t.Error("the deleted Secret came back by the write that did not know")
			} else if name == "taken" && string(s.Data["press.der"]) != "hand" {
				t.Error("another's write was forced away")
			}
			p.opt.Client = plain
			p.restart()
			p.poll("trust")
			if name == "taken" {
				p.want("trust", "ForeignKeys press.der:Foreign(SEC-07)")
			} else {
				p.want("trust", "Synced press.der:Synced")
			}
		})
	}
}

// before does something right before an apply.
type before struct {
	client.Client
	do func()
}

func (b before) Apply(ctx context.Context, obj runtime.ApplyConfiguration, opts ...client.ApplyOption) error {
	b.do()
	return b.Client.Apply(ctx, obj, opts...)
}

// Over many rounds of rotations, faults, deletions and takeovers by everybody at once,
// with the sync controller beside us: at every moment the list holds a good value, this
// one or the one before, under every key that it held one under.
func TestChurn(t *testing.T) {
	p := newPlant(t)
	generations := 4
	certs := map[string][][]byte{}
	sources, entries, mappings := []string{}, "", []string{}
	for i := range 6 {
		name := fmt.Sprint("m", i)
		for g := range generations {
			certs[name] = append(certs[name], leaf(t, name, certtest.Options{KeyName: fmt.Sprint(name, g)}).DER)
		}
		p.put(name+"-der", certs[name][0])
		if i < 3 {
			sources = append(sources, fmt.Sprintf("{name: %s, vaultSecret: {name: %s-der}}", name, name))
		} else {
			entries += entry(name + "-der")
			mappings = append(mappings, fmt.Sprintf("{sourcePath: %s-der, targetKey: %s.der}", name, name))
		}
	}
	p.secretSync(trust, entries, join(mappings))
	must(t, p.sse.Sync(t.Context(), p.ns, trust))
	p.declare("trust", "opcua-trust", trust, join(sources), "  prunePolicy: Delete")
	p.poll("trust")
	good := func(when string) {
		t.Helper()
		data := p.secret(trust).Data
		for name, all := range certs {
			found := false
			for _, der := range all {
				found = found || string(data[name+".der"]) == string(der)
			}
			if !found {
				t.Fatalf("%s: %s.der is lost, or not good", when, name)
			}
		}
	}
	good("at first")
	faults := []keyvault.Fault{keyvault.Broken(503), keyvault.Throttled(""), keyvault.Dropped(), {Status: 404, Code: "SecretNotFound"}, keyvault.Denied(keyvault.ForbiddenByRbac)}
	for round := range 40 {
		name := fmt.Sprint("m", round%6)
		p.put(name+"-der", certs[name][round%generations])
		switch round % 5 {
		case 1:
			p.kv.Vault(kvName).Fail(faults[round/5%len(faults)])
		case 2:
			p.put("m1-der", []byte("garbage"))
		case 3:
			p.restart()
		}
		_ = p.sse.Sync(t.Context(), p.ns, trust) // it fails as a whole where the vault does
		p.now.Add(300)
		p.cycle(t.Context())
		_, _ = p.sync.Sync(t.Context(), p.key("trust"))
		good(fmt.Sprint("round ", round))
		p.kv.Vault(kvName).Heal()
		if round%5 == 2 {
			p.put("m1-der", certs["m1"][0])
		}
	}
	p.now.Add(3600)
	p.restart()
	p.poll("trust")
	must(t, p.sse.Sync(t.Context(), p.ns, trust))
	p.want("trust", "Synced m0.der:Synced m1.der:Synced m2.der:Synced")
	s := p.secret(trust)
	owners := map[string]string{}
	for _, m := range s.ManagedFields {
		for key := range s.Data {
			if strings.Contains(string(m.FieldsV1.GetRawBytes()), `"f:`+key+`"`) {
				owners[key] += m.Manager
			}
		}
	}
	for i := range 6 {
		want := plan.Manager
		if i >= 3 {
			want = sse.Manager
		}
		if key := fmt.Sprintf("m%d.der", i); owners[key] != want {
			t.Errorf("%s is owned by %q, want %s", key, owners[key], want)
		}
	}
}

// Expiry is counted ahead, and the next pass is due when something ends.
func TestExpiryAhead(t *testing.T) {
	p := newPlant(t)
	soon := leaf(t, "soon", certtest.Options{NotAfter: certtest.Epoch().Add(10 * 24 * time.Hour)})
	p.put("soon-der", soon.DER)
	p.put("later-der", leaf(t, "later", certtest.Options{NotAfter: certtest.Epoch().Add(33 * 24 * time.Hour)}).DER)
	p.declare("trust", "opcua-trust", trust, "{name: a, vaultSecret: {name: soon-der}}, {name: b, vaultSecret: {name: later-der}}")
	p.pass("trust")
	s, _, _ := unstructured.NestedMap(p.connectorStore("trust").Object, "status", "summary")
	if s["expiringSoon"] != int64(1) || s["nextExpiry"] != certtest.Epoch().Add(10*24*time.Hour).UTC().Format(time.RFC3339) {
		t.Errorf("%v", s)
	}
	p.want("trust", "Synced later.der:Synced soon.der:Synced(X-03)")
	if c := p.condition("trust", "Expiring"); c.Status != "True" || !strings.Contains(c.Message, "soon.der (CN=soon) on ") {
		t.Errorf("Expiring is %s: %s", c.Status, c.Message)
	}
	if !p.told("ExpiringSoon: what ends soon: soon.der (CN=soon) on ") {
		t.Errorf("events %v", p.events)
	}
	p.events = nil
	p.poll("trust")
	if p.told("ExpiringSoon") {
		t.Error("it is announced again and again")
	}
	p.now.Add(4 * 24 * 3600)
	p.poll("trust")
	if !p.told("later.der (CN=later) on ") {
		t.Errorf("events %v", p.events)
	}
	p.now.Store(certtest.Epoch().Add(10*24*time.Hour - time.Minute).Unix())
	next, err := p.sync.Sync(t.Context(), p.key("trust"))
	must(t, err)
	if wait := next.Sub(p.clock()); wait <= 0 || wait > 2*time.Minute {
		t.Errorf("the next pass is in %s", wait)
	}
}

// A rule of one's own that speaks of the whole store: what would break it is not
// written, as a whole; what it says of a store that is so already blocks nothing.
func TestRefusedAsAWhole(t *testing.T) {
	own := engine.File{Name: "acme_02/acme_02.rego", Text: []byte(`# METADATA
# title: A store has two entries at the most
# description: So that one can see them all.
# custom:
#   subjects: [Secret]
#   severity: deny
#   message: "the store has more than two entries"
#   remedy: "Spread them over two stores"
#   symptom: None.
#   sources: ["ACME security standard 12, section 5"]
package custom.rules.acme_02

finding contains {"code": "ACME-02", "field": "data"} if count(input.entries) > 2
`)}
	e, err := engine.New(engine.Options{Config: input.DefaultConfig(), Custom: []engine.File{own}}, policies.Files)
	must(t, err)
	p := newPlant(t)
	r, err := review.New(review.Options{Engine: e, Inventory: p.opt.Inventory, Vault: p.memory})
	must(t, err)
	p.opt.Judge = r
	p.sync, err = controller.New(p.opt)
	must(t, err)
	held := map[string][]byte{}
	for _, name := range []string{"a", "b", "c"} {
		held[name+".der"] = leaf(t, name, certtest.Options{}).DER
		p.put(name+"-der", held[name+".der"])
	}
	p.declare("trust", "opcua-trust", trust, "{name: a, vaultSecret: {name: a-der}}, {name: b, vaultSecret: {name: b-der}}")
	p.pass("trust")
	p.change("trust", func(spec map[string]any, _ *unstructured.Unstructured) {
		spec["sources"] = append(spec["sources"].([]any), map[string]any{"name": "c", "vaultSecret": map[string]any{"name": "c-der"}})
	})
	p.pass("trust")
	if c := p.condition("trust", "Ready"); c.Reason != "Refused" || !strings.Contains(c.Message, "Fix: Spread them over two stores") {
		t.Errorf("%s: %s", c.Reason, c.Message)
	}
	p.holds(trust, map[string][]byte{"a.der": held["a.der"], "b.der": held["b.der"]})
	p.change2(trust, "v1", "Secret", func(o *unstructured.Unstructured) { // by hand there are three now
		o.Object["data"].(map[string]any)["hand.der"] = base64.StdEncoding.EncodeToString(leaf(t, "hand", certtest.Options{}).DER)
	})
	p.pass("trust")
	if s := p.secret(trust); string(s.Data["c.der"]) != string(held["c.der"]) {
		t.Error("what stood before blocks what is right")
	}
}
