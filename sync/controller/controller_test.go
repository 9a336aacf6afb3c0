package controller_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/test/certtest"
)

// A list is filled from the vault, byte for byte as the connector wants it; a second
// pass writes nothing, neither Secret nor status.
func TestFill(t *testing.T) {
	p := newPlant(t)
	press := leaf(t, "press-1", certtest.Options{})
	root := certtest.Must(certtest.NewCA(certtest.Options{CommonName: "Root", Key: certtest.RSA2048}))(t)
	crl := certtest.Must(root.CRL(certtest.CRLOptions{}))(t)
	p.put("press-1-der", press.DER)
	p.put("root-der", root.DER)
	p.put("root-crl", crl.DER)
	p.declare("trust", "opcua-trust", trust,
		"{name: press, vaultSecret: {name: press-1-der, key: press-1.der}}, {name: root, vaultSecret: {name: root-der}}, {name: crl, vaultSecret: {name: root-crl}}")
	p.pass("trust")
	p.want("trust", "Synced press-1.der:Synced root.crl:Synced root.der:Synced")
	p.holds(trust, map[string][]byte{"press-1.der": press.DER, "root.der": root.DER, "root.crl": crl.DER})
	s := p.secret(trust)
	if s.Type != "Opaque" || s.Labels[store.StoreLabel] != "opcua-trust" {
		t.Errorf("type %s, labels %v", s.Type, s.Labels)
	}
	if p.condition("trust", "Degraded").Status != "False" || p.condition("trust", "VaultReachable").Status != "True" {
		t.Error("the other conditions")
	}
	declared := p.connectorStore("trust").GetResourceVersion()
	p.kv.ResetCalls()
	p.pass("trust", "trust")
	p.poll("trust")
	if now := p.secret(trust); now.ResourceVersion != s.ResourceVersion || p.connectorStore("trust").GetResourceVersion() != declared {
		t.Error("a second pass wrote")
	}
	if n := p.kv.Calls()["GetSecret"]; n != 0 {
		t.Errorf("a second pass read %d values", n)
	}
}

// A new version arrives within a poll; a bad one is held with its finding, and the good
// one stays; once it is mended it goes through.
func TestRotation(t *testing.T) {
	p := newPlant(t)
	press, next := leaf(t, "press-1", certtest.Options{}), leaf(t, "press-1", certtest.Options{KeyName: "next"})
	expired := leaf(t, "press-1", certtest.Options{NotBefore: certtest.Epoch().AddDate(-2, 0, 0), NotAfter: certtest.Epoch().AddDate(0, 0, -1)})
	other := leaf(t, "press-2", certtest.Options{})
	p.put("press-1-der", press.DER)
	p.put("press-2-der", other.DER)
	p.declare("trust", "opcua-trust", trust, "{name: a, vaultSecret: {name: press-1-der}}, {name: b, vaultSecret: {name: press-2-der}}")
	p.pass("trust")
	p.put("press-1-der", next.DER)
	p.poll("trust")
	p.holds(trust, map[string][]byte{"press-1.der": next.DER, "press-2.der": other.DER})
	if !p.told("changed press-1.der") || !p.told("6514") {
		t.Errorf("events %v", p.events)
	}
	p.put("press-1-der", expired.DER)
	p.poll("trust")
	p.want("trust", "EntriesHeld press-1.der:Held(X-01) press-2.der:Synced")
	p.holds(trust, map[string][]byte{"press-1.der": next.DER, "press-2.der": other.DER})
	p.put("press-1-der", []byte("no certificate"))
	p.poll("trust")
	p.want("trust", "EntriesMissing press-1.der:Missing press-2.der:Synced")
	p.holds(trust, map[string][]byte{"press-1.der": next.DER, "press-2.der": other.DER})
	p.put("press-1-der", press.DER)
	p.poll("trust")
	p.want("trust", "Synced press-1.der:Synced press-2.der:Synced")
	p.holds(trust, map[string][]byte{"press-1.der": press.DER, "press-2.der": other.DER})
}

// A bad first value never gets in, and the good ones beside it do.
func TestABadEntryIsHeldBack(t *testing.T) {
	p := newPlant(t)
	good := leaf(t, "good", certtest.Options{})
	key := certtest.Must(good.Key.PEM(certtest.PKCS8))(t)
	p.put("good-der", good.DER)
	p.put("with-key-der", append(good.PEM(), key...))
	p.declare("trust", "opcua-trust", trust, "{name: a, vaultSecret: {name: good-der}}, {name: b, vaultSecret: {name: with-key-der, key: with-key.der}}")
	p.pass("trust")
	p.want("trust", "EntriesHeld good.der:Synced with-key.der:Held(KV-20)")
	p.holds(trust, map[string][]byte{"good.der": good.DER})
	p.pass("trust")
	p.want("trust", "EntriesHeld good.der:Synced with-key.der:Held(KV-20)")
}

// The client store changes whole or not at all.
func TestPairsChangeWhole(t *testing.T) {
	p := newPlant(t)
	one, two := leaf(t, "broker", certtest.Options{}), leaf(t, "broker", certtest.Options{KeyName: "two"})
	key := func(c *certtest.Cert) []byte { return certtest.Must(c.Key.PEM(certtest.PKCS8))(t) }
	p.put("broker-der", one.DER)
	p.put("broker-pem", key(one))
	p.declare("own", "opcua-client", own, "{name: c, vaultSecret: {name: broker-der, key: broker.der}}, {name: k, vaultSecret: {name: broker-pem, key: broker.pem}}")
	p.pass("own")
	p.holds(own, map[string][]byte{"broker.der": one.DER, "broker.pem": key(one)})
	p.put("broker-der", two.DER) // the key comes later
	p.poll("own")
	p.holds(own, map[string][]byte{"broker.der": one.DER, "broker.pem": key(one)})
	p.put("broker-pem", key(two))
	p.poll("own")
	p.holds(own, map[string][]byte{"broker.der": two.DER, "broker.pem": key(two)})
}

// What stands in the cluster decides who may write: another's key is told and left
// alone, a Secret that is no store is not touched.
func TestNotOurs(t *testing.T) {
	p := newPlant(t)
	press := leaf(t, "press-1", certtest.Options{})
	p.put("press-1-der", press.DER)
	p.create("apiVersion: v1\nkind: Secret\nmetadata: {name: database}\nstringData: {password: x}")
	p.declare("wrong", "opcua-trust", "database", "{name: a, vaultSecret: {name: press-1-der}}")
	p.pass("wrong")
	p.want("wrong", "NotAStore")
	p.holds("database", map[string][]byte{"password": []byte("x")})
	p.declare("role", "opcua-issuer", trust, "{name: a, vaultSecret: {name: press-1-der}}")
	p.pass("role")
	p.want("role", "NotAStore")
	must(t, srv.Client.Delete(t.Context(), p.connectorStore("role")))
	p.create("apiVersion: v1\nkind: Secret\nmetadata: {name: " + trust + "}\nstringData: {press-1.der: hand}")
	p.declare("trust", "opcua-trust", trust, "{name: a, vaultSecret: {name: press-1-der}}")
	p.create("apiVersion: v1\nkind: Secret\nmetadata: {name: " + issuer + ", labels: {storewarden.io/store: opcua-trust}}")
	p.declare("label", "opcua-issuer", issuer, "{name: a, vaultSecret: {name: press-1-der}}")
	p.pass("label")
	p.want("label", "NotAStore")
	p.declare("twin", "opcua-trust", trust, "{name: a, vaultSecret: {name: press-1-der}}")
	p.pass("trust")
	p.want("trust", "ForeignKeys press-1.der:Foreign(SEC-07)")
	p.pass("twin")
	p.want("twin", "DuplicateStore")
}

// What the guard keeps back goes with its hash, and with no other.
func TestShrink(t *testing.T) {
	p := newPlant(t)
	sources := []string{}
	want := map[string][]byte{}
	for _, name := range []string{"a", "b", "c", "d"} {
		c := leaf(t, name, certtest.Options{})
		p.put(name+"-der", c.DER)
		want[name+".der"] = c.DER
		sources = append(sources, "{name: "+name+", vaultSecret: {name: "+name+"-der}}")
	}
	p.declare("trust", "opcua-trust", trust, join(sources), "  prunePolicy: Delete")
	p.pass("trust")
	p.holds(trust, want)
	p.change("trust", func(spec map[string]any, _ *unstructured.Unstructured) { spec["sources"] = []any{} }) // a bad merge
	p.pass("trust")
	p.holds(trust, want)
	p.want("trust", "ShrinkBlocked a.der:Retained b.der:Retained c.der:Retained d.der:Retained")
	allow := allowed(t, p.condition("trust", "Ready").Message)
	p.change("trust", func(_ map[string]any, o *unstructured.Unstructured) {
		o.SetAnnotations(map[string]string{store.AllowShrinkAnnotation: "0123456789abcdef"})
	})
	p.pass("trust")
	p.holds(trust, want)
	p.change("trust", func(_ map[string]any, o *unstructured.Unstructured) {
		o.SetAnnotations(map[string]string{store.AllowShrinkAnnotation: allow})
	})
	p.pass("trust")
	p.holds(trust, nil)
}
