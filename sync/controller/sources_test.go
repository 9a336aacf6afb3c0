package controller_test

import (
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/sync/controller"
	"github.com/storewarden/storewarden/sync/plan"
	"github.com/storewarden/storewarden/test/certtest"
	"github.com/storewarden/storewarden/test/keyvault"
)

func ca(t testing.TB, name string, o certtest.Options) *certtest.Cert {
	t.Helper()
	o.CommonName, o.Key = name, certtest.RSA2048
	return certtest.Must(certtest.NewCA(o))(t)
}

func crlOf(t testing.TB, c *certtest.Cert) []byte {
	t.Helper()
	return certtest.Must(c.CRL(certtest.CRLOptions{}))(t).DER
}

// thumb is the key that a bundle's certificate gets.
func thumb(source string, c *certtest.Cert, ext string) string {
	return source + "-" + plan.Digest(c.DER)[:8] + ext
}

// What the vault's tags name fills an issuer list: keys come from names and contents,
// and a CA and its CRL share a stem. What loses the tag goes; an empty listing takes
// nothing away.
func TestTags(t *testing.T) {
	p := newPlant(t)
	root, other := ca(t, "Root", certtest.Options{}), ca(t, "Other", certtest.Options{})
	rootCRL, otherCRL := crlOf(t, root), crlOf(t, other)
	const tag = "connector-store=opcua-issuer"
	p.put("root-der", root.DER, tag)
	p.put("root-crl", rootCRL, tag)
	p.put("other-der", other.DER, tag)
	p.put("other-crl", otherCRL, tag)
	p.put("press-der", leaf(t, "press", certtest.Options{}).DER)
	p.declare("issuers", "opcua-issuer", issuer, "{name: tagged, vaultTags: {match: {connector-store: opcua-issuer}}}", "  prunePolicy: Delete")
	p.pass("issuers")
	p.want("issuers", "SourceUnseen") // it is listed in the background
	p.poll("issuers")
	all := map[string][]byte{"root.der": root.DER, "root.crl": rootCRL, "other.der": other.DER, "other.crl": otherCRL}
	p.holds(issuer, all)
	p.want("issuers", "Synced other.crl:Synced other.der:Synced(X-08) root.crl:Synced root.der:Synced(X-08)")
	p.kv.ResetCalls()
	p.poll("issuers")
	if calls := p.kv.Calls(); calls["GetSecret"] != 0 || calls["ListSecrets"] == 0 {
		t.Errorf("a steady poll costs %v", calls)
	}

	p.kv.Vault(kvName).Fail(keyvault.Fault{Operation: keyvault.ListSecrets, Status: 200, Body: `{"value":[]}`})
	p.poll("issuers")
	p.holds(issuer, all)
	p.want("issuers", "ShrinkBlocked other.crl:Retained other.der:Retained(X-08) root.crl:Retained root.der:Retained(X-08)")
	p.kv.Vault(kvName).Heal()
	p.put("other-crl", otherCRL) // without the tag
	p.poll("issuers")
	delete(all, "other.crl")
	p.holds(issuer, all)
}

// A new process knows no listing yet: what the one before told stands until it does,
// and its first listing is asked for at once.
func TestARestartDoesNotFlap(t *testing.T) {
	p := newPlant(t)
	root := ca(t, "Root", certtest.Options{})
	p.put("root-der", root.DER, "store=issuer")
	p.declare("issuers", "opcua-issuer", issuer, "{name: tagged, vaultTags: {match: {store: issuer}}}")
	p.pass("issuers")
	p.poll("issuers")
	told := p.connectorStore("issuers").GetResourceVersion()
	p.restart()
	select {
	case <-p.sync.Soon():
		t.Error("a listing is asked for before it is needed")
	default:
	}
	p.pass("issuers", "issuers")
	select {
	case <-p.sync.Soon():
	default:
		t.Error("nobody asks for the listing")
	}
	if p.connectorStore("issuers").GetResourceVersion() != told {
		t.Errorf("the restart shows: %s", p.state("issuers"))
	}
	p.poll("issuers")
	p.want("issuers", "Synced root.der:Synced(X-08,X-13)")
}

// A trust list is filled by tags only where the configuration says so.
func TestTagsGrantNoTrust(t *testing.T) {
	p := newPlant(t)
	press := leaf(t, "press", certtest.Options{})
	p.put("press-der", press.DER, "store=trust")
	p.declare("trust", "opcua-trust", trust, "{name: tagged, vaultTags: {match: {store: trust}}}")
	p.poll("trust")
	p.poll("trust")
	p.want("trust", "SourceUnseen")
	if !strings.Contains(p.condition("trust", "Ready").Message, "sync.allowTaggedTrust") {
		t.Error(p.condition("trust", "Ready").Message)
	}
	if s := p.secret(trust); s != nil && len(s.Data) > 0 {
		t.Error("a tag granted trust")
	}
	p.opt.AllowTaggedTrust = true
	p.restart()
	p.poll("trust")
	p.poll("trust")
	p.holds(trust, map[string][]byte{"press.der": press.DER})
}

func (p *plant) secretSync(name, entries, mappings string) {
	p.t.Helper()
	p.change2("spc", "secrets-store.csi.x-k8s.io/v1", "SecretProviderClass", func(o *unstructured.Unstructured) {
		must(p.t, unstructured.SetNestedField(o.Object, "array:\n"+entries, "spec", "parameters", "objects"))
	})
	p.create(fmt.Sprintf(`
apiVersion: secret-sync.x-k8s.io/v1alpha1
kind: SecretSync
metadata: {name: %s}
spec:
  secretProviderClassName: spc
  serviceAccountName: aio-ssc-sa
  secretObject: {type: Opaque, data: [%s]}`, name, mappings))
}

func (p *plant) change2(name, apiVersion, kind string, edit func(*unstructured.Unstructured)) {
	p.t.Helper()
	u := &unstructured.Unstructured{}
	u.SetAPIVersion(apiVersion)
	u.SetKind(kind)
	must(p.t, srv.Client.Get(p.t.Context(), p.key(name), u))
	edit(u)
	must(p.t, srv.Client.Update(p.t.Context(), u))
}

func entry(name string) string {
	return "  - |\n    objectName: " + name + "\n    objectType: secret\n    objectEncoding: hex\n"
}

// Where no sync controller runs, a source does what a SecretSync says; where one does,
// its keys are its own, and neither writes over the other, however often they take
// turns.
func TestSecretSyncs(t *testing.T) {
	p := newPlant(t)
	press, oven, root := leaf(t, "press", certtest.Options{}), leaf(t, "oven", certtest.Options{}), ca(t, "Root", certtest.Options{})
	p.put("press-der", press.DER)
	p.put("oven-der", oven.DER)
	p.put("root-der", root.DER)
	p.secretSync(trust, entry("press-der")+entry("oven-der"), "{sourcePath: press-der, targetKey: press.der}, {sourcePath: oven-der, targetKey: oven.der}")

	p.declare("waits", "opcua-trust", trust, "{name: root, vaultSecret: {name: root-der}}")
	p.pass("waits")
	p.want("waits", "WaitingForSecretSync") // the controller would refuse a Secret without its label
	if p.secret(trust) != nil {
		t.Fatal("the Secret was made before its controller could")
	}
	must(t, p.sse.Sync(t.Context(), p.ns, trust))
	p.pass("waits")
	all := map[string][]byte{"press.der": press.DER, "oven.der": oven.DER, "root.der": root.DER}
	p.holds(trust, all)
	p.want("waits", "Synced root.der:Synced(X-13)")
	version := p.secret(trust).ResourceVersion
	for range 50 {
		must(t, p.sse.Sync(t.Context(), p.ns, trust))
		p.pass("waits")
	}
	if p.secret(trust).ResourceVersion != version {
		t.Error("the two write over each other")
	}

	p.change("waits", func(spec map[string]any, _ *unstructured.Unstructured) {
		spec["sources"] = append(spec["sources"].([]any), map[string]any{"name": "sync", "secretSync": map[string]any{"name": trust}})
	})
	p.pass("waits")
	p.want("waits", "ForeignKeys oven.der:Foreign press.der:Foreign root.der:Synced(X-13)")
	must(t, p.sse.Sync(t.Context(), p.ns, trust))
	p.holds(trust, all)

	// Taking over: adopt what is the same, and only then let the controller go.
	p.change("waits", func(spec map[string]any, _ *unstructured.Unstructured) {
		spec["sources"].([]any)[1].(map[string]any)["adopt"] = true
	})
	p.pass("waits")
	p.want("waits", "Synced oven.der:Synced press.der:Synced root.der:Synced(X-13)")
	p.change2(trust, store.SecretSyncAPI, store.KindSecretSync, func(o *unstructured.Unstructured) {
		data, _, _ := unstructured.NestedSlice(o.Object, "spec", "secretObject", "data")
		must(t, unstructured.SetNestedSlice(o.Object, data[:1], "spec", "secretObject", "data"))
	})
	must(t, p.sse.Sync(t.Context(), p.ns, trust)) // it lets go of oven.der
	p.holds(trust, all)

	// Giving back: the controller takes it on first, and then we let go.
	p.change2(trust, store.SecretSyncAPI, store.KindSecretSync, func(o *unstructured.Unstructured) {
		data, _, _ := unstructured.NestedSlice(o.Object, "spec", "secretObject", "data")
		must(t, unstructured.SetNestedSlice(o.Object, append(data, map[string]any{"sourcePath": "oven-der", "targetKey": "oven.der"}), "spec", "secretObject", "data"))
	})
	must(t, p.sse.Sync(t.Context(), p.ns, trust))
	p.change("waits", func(spec map[string]any, _ *unstructured.Unstructured) { spec["sources"] = spec["sources"].([]any)[:1] })
	p.pass("waits")
	p.want("waits", "Synced root.der:Synced(X-13)")
	p.holds(trust, all)
	p.change2(trust, store.SecretSyncAPI, store.KindSecretSync, func(o *unstructured.Unstructured) {
		data, _, _ := unstructured.NestedSlice(o.Object, "spec", "secretObject", "data")
		must(t, unstructured.SetNestedSlice(o.Object, data[:1], "spec", "secretObject", "data"))
	})
	must(t, p.sse.Sync(t.Context(), p.ns, trust))
	p.holds(trust, map[string][]byte{"press.der": press.DER, "root.der": root.DER}) // it is the controller's alone again
	p.change("waits", func(spec map[string]any, _ *unstructured.Unstructured) {
		spec["sources"] = append(spec["sources"].([]any), map[string]any{"name": "sync", "secretSync": map[string]any{"name": trust}})
	})

	// Deleted: made anew at once, by us where we are told to.
	must(t, srv.Client.Delete(t.Context(), p.secret(trust)))
	p.pass("waits")
	p.holds(trust, map[string][]byte{"press.der": press.DER, "root.der": root.DER})
}

// The CA of cert-manager objects is followed through a renewal; the old one stays while
// something chains to it, and goes then.
func TestCertManager(t *testing.T) {
	p := newPlant(t)
	old := ca(t, "Plant CA", certtest.Options{})
	renewed := ca(t, "Plant CA", certtest.Options{KeyName: "renewed"})
	press := certtest.Must(old.Issue(certtest.Options{CommonName: "press", Key: certtest.RSA2048, URIs: []string{"urn:plant:press"}}))(t)
	p.tls("plant-ca", old)
	p.create("apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: plant-ca}\nspec: {isCA: true, secretName: plant-ca, commonName: Plant CA, issuerRef: {name: self}}")
	p.put("press-der", press.DER)
	p.declare("trust", "opcua-trust", trust, "{name: press, vaultSecret: {name: press-der}}")
	p.declare("issuers", "opcua-issuer", issuer, "{name: plant, certManager: {kind: Certificate, name: plant-ca}}", "  prunePolicy: Delete")
	p.pass("trust", "issuers")
	first := thumb("plant", old, ".der")
	p.holds(issuer, map[string][]byte{first: old.DER})
	p.tls("plant-ca", renewed)
	p.pass("issuers")
	second := thumb("plant", renewed, ".der")
	p.holds(issuer, map[string][]byte{first: old.DER, second: renewed.DER})
	if s := p.state("issuers"); !strings.Contains(s, first+":Retained") {
		t.Error(s)
	}
	next := certtest.Must(renewed.Issue(certtest.Options{CommonName: "press", Key: certtest.RSA2048, URIs: []string{"urn:plant:press"}}))(t)
	p.put("press-der", next.DER)
	p.poll("trust", "issuers")
	p.holds(trust, map[string][]byte{"press.der": next.DER})
	p.holds(issuer, map[string][]byte{second: renewed.DER})
	p.change2("plant-ca", store.CertificateAPI, store.KindCertificate, func(o *unstructured.Unstructured) { o.Object["spec"].(map[string]any)["secretName"] = "elsewhere" })
	p.pass("issuers")
	p.want("issuers", "SourceUnseen "+second+":Retained(X-13)")
}

// tls makes or replaces a Secret as cert-manager writes it.
func (p *plant) tls(name string, c *certtest.Cert) {
	p.t.Helper()
	key := certtest.Must(c.Key.PEM(certtest.PKCS8))(p.t)
	text := func(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
	data := map[string]any{"tls.crt": text(c.PEM()), "tls.key": text(key), "ca.crt": text(c.PEM())}
	if p.secret(name) == nil {
		p.create(fmt.Sprintf("apiVersion: v1\nkind: Secret\ntype: kubernetes.io/tls\nmetadata: {name: %s}\ndata: {tls.crt: %s, tls.key: %s, ca.crt: %s}", name, data["tls.crt"], data["tls.key"], data["ca.crt"]))
		return
	}
	p.change2(name, "v1", "Secret", func(o *unstructured.Unstructured) { o.Object["data"] = data })
}

// Bundles of ConfigMaps and Secrets are taken apart; other connectors' lists get PEM.
func TestBundles(t *testing.T) {
	p := newPlant(t)
	one, two := ca(t, "One", certtest.Options{}), ca(t, "Two", certtest.Options{})
	bundle := string(one.PEM()) + "# a comment\n" + string(two.PEM())
	p.create("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: roots}\ndata:\n  ca.crt: |\n    " + strings.ReplaceAll(bundle, "\n", "\n    "))
	p.tls("own", two)
	p.declare("issuers", "opcua-issuer", issuer, "{name: roots, configMap: {name: roots, key: ca.crt}}, {name: own, secret: {name: own, key: ca.crt}}")
	p.declare("tls", "tls-trust", "mqtt-trust-list", "{name: roots, configMap: {name: roots, key: ca.crt}}")
	p.pass("issuers", "tls")
	if s := p.state("issuers"); strings.Count(s, ":Synced") != 3 {
		t.Error(s)
	}
	as := func(c *certtest.Cert) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.DER})
	}
	p.holds("mqtt-trust-list", map[string][]byte{thumb("roots", one, ".crt"): as(one), thumb("roots", two, ".crt"): as(two)})
	if role := p.secret("mqtt-trust-list").Labels[store.StoreLabel]; role != "tls-trust" {
		t.Errorf("label %q", role)
	}
	for _, edit := range []func(o *unstructured.Unstructured){
		func(o *unstructured.Unstructured) { o.Object["data"] = map[string]any{"ca.crt": "not a certificate"} },
		func(o *unstructured.Unstructured) { o.Object["data"] = map[string]any{} },
	} {
		p.change2("roots", "v1", "ConfigMap", edit)
		p.pass("tls")
		p.holds("mqtt-trust-list", map[string][]byte{thumb("roots", one, ".crt"): as(one), thumb("roots", two, ".crt"): as(two)})
		if s := p.state("tls"); !strings.HasPrefix(s, "SourceUnseen") {
			t.Error(s)
		}
	}
}

// For what is trusted, the issuers and CRLs that the vault holds come by themselves.
func TestChainPolicy(t *testing.T) {
	p := newPlant(t)
	root := ca(t, "Root", certtest.Options{})
	mid := certtest.Must(root.IssueCA(certtest.Options{CommonName: "Mid", Key: certtest.RSA2048}))(t)
	press := certtest.Must(mid.Issue(certtest.Options{CommonName: "press", Key: certtest.RSA2048, URIs: []string{"urn:plant:press"}}))(t)
	stranger := ca(t, "Stranger", certtest.Options{})
	rootCRL, midCRL := crlOf(t, root), crlOf(t, mid)
	p.put("press-der", press.DER)
	p.put("root-der", root.DER)
	p.put("root-crl", rootCRL)
	p.put("mid-der", mid.DER)
	p.put("mid-crl", midCRL)
	p.put("stranger-der", stranger.DER)
	p.put("stranger-crl", crlOf(t, stranger))
	p.kv.Vault(kvName).Set("password", keyvault.Secret{Value: "hunter2"})
	p.declare("trust", "opcua-trust", trust, "{name: press, vaultSecret: {name: press-der}}")
	p.declare("issuers", "opcua-issuer", issuer, "", "  chainPolicy: FromVault")
	p.pass("trust", "issuers")
	p.poll("trust", "issuers")
	p.poll("trust", "issuers")
	p.holds(issuer, map[string][]byte{"root.der": root.DER, "mid.der": mid.DER, "root.crl": rootCRL, "mid.crl": midCRL})
	p.declare("trusted-root", "tls-trust", "unused", "")
	p.change("trust", func(spec map[string]any, _ *unstructured.Unstructured) {
		spec["sources"] = append(spec["sources"].([]any), map[string]any{"name": "root", "vaultSecret": map[string]any{"name": "root-der"}})
		spec["chainPolicy"] = "FromVault"
	})
	p.pass("trust")
	p.poll("trust")
	p.holds(trust, map[string][]byte{"press.der": press.DER, "root.der": root.DER, "root.crl": rootCRL})
}

// Sources may be mixed; the first of a key counts, and the second is told.
func TestMixedSources(t *testing.T) {
	p := newPlant(t)
	one, two, three := ca(t, "One", certtest.Options{}), ca(t, "Two", certtest.Options{}), ca(t, "Three", certtest.Options{})
	p.put("one-der", one.DER)
	p.put("two-der", two.DER, "store=issuer")
	p.tls("three", three)
	p.declare("issuers", "opcua-issuer", issuer, "{name: one, vaultSecret: {name: one-der}}, {name: tagged, vaultTags: {match: {store: issuer}}}, {name: three, secret: {name: three, key: tls.crt}}, {name: again, vaultSecret: {name: two-der, key: one.der}}")
	p.poll("issuers")
	p.poll("issuers")
	p.holds(issuer, map[string][]byte{"one.der": one.DER, "two.der": two.DER, thumb("three", three, ".der"): three.DER})
	if c := p.condition("issuers", "Ready"); c.Reason != "SourceUnseen" || !strings.Contains(c.Message, "sources one and again both ask for key one.der") {
		t.Errorf("%s: %s", c.Reason, c.Message)
	}
}

// Without a vault the other sources work, and what needs one says so.
func TestNoVault(t *testing.T) {
	p := newPlant(t)
	p.opt.Vault, p.opt.Values, p.opt.Listings = nil, nil, nil
	var err error
	p.sync, err = controller.New(p.opt)
	must(t, err)
	root := ca(t, "Root", certtest.Options{})
	p.tls("root", root)
	p.declare("issuers", "opcua-issuer", issuer, "{name: r, secret: {name: root, key: tls.crt}}, {name: v, vaultSecret: {name: x-der}}")
	p.pass("issuers")
	p.holds(issuer, map[string][]byte{thumb("r", root, ".der"): root.DER})
	if s := p.state("issuers"); !strings.HasPrefix(s, "EntriesMissing") {
		t.Error(s)
	}
	if c := p.condition("issuers", "VaultReachable"); c.Status != "False" || c.Reason != "NotAllowed" {
		t.Errorf("%s %s", c.Status, c.Reason)
	}
}

// The definition itself refuses what cannot be meant.
func TestDefinition(t *testing.T) {
	p := newPlant(t)
	for name, tc := range map[string]struct{ spec, says string }{
		"no such role":       {"{role: opcua, secretName: x}", "Unsupported value"},
		"no member":          {"{role: opcua-trust, secretName: x, sources: [{name: a}]}", "exactly one of"},
		"two members":        {"{role: opcua-trust, secretName: x, sources: [{name: a, secretSync: {name: b}, secret: {name: c, key: d}}]}", "exactly one of"},
		"two of a name":      {"{role: opcua-trust, secretName: x, sources: [{name: a, secretSync: {name: b}}, {name: a, secretSync: {name: c}}]}", "Duplicate value"},
		"no vault for it":    {"{role: opcua-trust, secretName: x, sources: [{name: a, vaultSecret: {name: b}}]}", "vault.secretProviderClassName is needed"},
		"no vault for chain": {"{role: opcua-trust, secretName: x, chainPolicy: FromVault}", "needed by chainPolicy"},
		"a key that climbs":  {"{role: opcua-trust, secretName: x, vault: {secretProviderClassName: s}, sources: [{name: a, vaultSecret: {name: b, key: ../c}}]}", "should match"},
	} {
		u := &unstructured.Unstructured{}
		must(t, yamlInto(fmt.Sprintf("apiVersion: storewarden.io/v1alpha1\nkind: ConnectorStore\nmetadata: {name: x, namespace: %s}\nspec: %s", p.ns, tc.spec), u))
		if err := srv.Client.Create(t.Context(), u); err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p.declare("fixed", "opcua-trust", trust, "")
	for field, value := range map[string]string{"role": "opcua-issuer", "secretName": "other"} {
		u := p.connectorStore("fixed")
		u.Object["spec"].(map[string]any)[field] = value
		if err := srv.Client.Update(t.Context(), u); err == nil || !strings.Contains(err.Error(), "cannot be changed") {
			t.Errorf("%s: %v", field, err)
		}
	}
	spec := p.connectorStore("fixed").Object["spec"].(map[string]any)
	if spec["chainPolicy"] != "None" || spec["prunePolicy"] != "Retain" {
		t.Errorf("defaults %v", spec)
	}
}
