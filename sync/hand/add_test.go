package hand_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/sync/hand"
	"github.com/storewarden/storewarden/test/certtest"
	"github.com/storewarden/storewarden/test/keyvault"
)

// What is written is, byte for byte, what the az CLI writes for the same file.
func TestAddWritesWhatTheCLIWrites(t *testing.T) {
	p := newPlant(t)
	press := server(t, "press-1")
	plan := p.planAdd("trust", hand.Item{File: "press-1.der", Data: press.DER})
	if p.kv.Calls()[keyvault.SetSecret] != 0 || p.objects() != "" || p.mappings(trust) != "" {
		t.Fatal("planning wrote something")
	}
	p.add("trust", hand.Item{File: "press-1.der", Data: press.DER})

	s, err := p.sse.Vault.Get(t.Context(), vault.Ref{Vault: kvName, Name: "press-1-der"})
	must(t, err)
	x := certtest.Must(press.X509())(t)
	if s.Value.Reveal() != hex.EncodeToString(press.DER) || s.ContentType != "application/pkix-cert" || !s.Expires.Equal(x.NotAfter) || !s.NotBefore.IsZero() {
		t.Errorf("content type %q, expires %s, value as expected: %t", s.ContentType, s.Expires, s.Value.Reveal() == press.Hex())
	}
	if diff := cmp.Diff(map[string]string{"file-encoding": "hex"}, s.Tags); diff != "" {
		t.Error(diff)
	}
	const objects = "array:\n    - |\n      objectEncoding: hex\n      objectName: press-1-der\n      objectType: secret\n"
	if got := p.objects(); got != objects {
		t.Errorf("objects %q", got)
	}
	u := p.get(store.SecretSyncAPI, store.KindSecretSync, trust)
	// The definition's own default stands there too.
	spec := map[string]any{"secretSyncControllerName": "", "secretProviderClassName": class, "serviceAccountName": "aio-ssc-sa",
		"secretObject": map[string]any{"type": "Opaque", "data": []any{map[string]any{"sourcePath": "press-1-der", "targetKey": "press-1.der"}}}}
	if diff := cmp.Diff(spec, u.Object["spec"]); diff != "" {
		t.Errorf("SecretSync (-want +got):\n%s", diff)
	}
	if m := u.GetManagedFields(); len(m) != 1 || m[0].Manager != hand.Manager {
		t.Errorf("managers %+v", m)
	}
	if plan.Title != "Add press-1.der to the trust list ("+trust+")" || plan.Pending() != 3 {
		t.Errorf("%q, %d steps", plan.Title, plan.Pending())
	}
	shown, err := json.Marshal(plan)
	must(t, err)
	if strings.Contains(string(shown), press.Hex()[:40]) {
		t.Error("the plan shows the value")
	}
	if again := p.planAdd("trust", hand.Item{File: "press-1.der", Data: press.DER}); again.Pending() != 0 || again.Refused() {
		t.Errorf("a second time: %+v", again)
	}
}

// The whole way: the sync controller carries the entry to the Secret, and list tells of it.
func TestAddReachesTheStore(t *testing.T) {
	p := newPlant(t)
	root := certtest.Must(certtest.NewCA(certtest.Options{CommonName: "Plant Root", Key: certtest.RSA2048}))(t)
	crl := certtest.Must(root.CRL(certtest.CRLOptions{}))(t)
	press, pem := server(t, "press-1"), server(t, "oven-1")
	p.add("trust", hand.Item{File: "press-1.der", Data: press.DER})
	p.add("trust", hand.Item{File: "oven-1.crt", Data: pem.PEM()})
	p.add("trust", hand.Item{File: "plant-root.der", Data: root.DER}, hand.Item{File: "plant-root.crl", Data: crl.DER})
	must(t, p.sse.Sync(t.Context(), p.ns, trust))

	s, err := p.hand.Store(t.Context(), "", "trust")
	must(t, err)
	var got []string
	for _, e := range s.Entries {
		got = append(got, fmt.Sprintf("%s %s %s %s", e.Key, e.State, e.Origin.Text(), e.Origin.Managers))
	}
	want := []string{
		"oven-1.crt good vault plant-kv/oven-1-crt [secrets-store-sync-controller]",
		"plant-root.crl good vault plant-kv/plant-root-crl [secrets-store-sync-controller]",
		"plant-root.der good vault plant-kv/plant-root-der [secrets-store-sync-controller]",
		"press-1.der good vault plant-kv/press-1-der [secrets-store-sync-controller]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	x := certtest.Must(press.X509())(t)
	if c := s.Entries[3].Card.Certificates[0]; c.Thumbprint != thumbprint(x.Raw) || !c.SelfSigned || c.CommonName != "press-1" {
		t.Errorf("card %+v", c)
	}
	if c := s.Entries[2].Chain; !c.Complete || len(c.CRLs) != 1 || c.CRLs[0].Key != "plant-root.crl" {
		t.Errorf("chain %+v", c)
	}
	if got := p.denied(); len(got) != 0 {
		t.Errorf("denied: %q", got)
	}
}

// Certificate and key of the client store arrive together.
func TestAddClientPair(t *testing.T) {
	p := newPlant(t)
	c := server(t, "aio-opc-opcuabroker")
	key := certtest.Must(c.Key.PEM(certtest.PKCS8))(t)
	plan := p.planAdd("client", hand.Item{File: "own.der", Data: c.DER}, hand.Item{File: "own.pem", Data: key})
	if w := plan.Warnings; len(w) != 1 || w[0].Code != "CL-06" || !strings.Contains(w[0].Remedy, "applicationCert="+own+" connectors.values.securityPki.subjectName='aio-opc-opcuabroker'") {
		t.Errorf("of the connector's settings it says %+v", w)
	}
	must(t, p.hand.Apply(t.Context(), plan, nil))
	if got := p.mappings(own); got != "own-der>own.der own-pem>own.pem" {
		t.Errorf("mappings %s", got)
	}
	s, err := p.sse.Vault.Get(t.Context(), vault.Ref{Vault: kvName, Name: "own-pem"})
	if err != nil || s.ContentType != "application/x-pem-file" || !s.Expires.IsZero() {
		t.Errorf("%v, content type %q, expires %s", err, s.ContentType, s.Expires)
	}
	if alone := p.planAdd("client", hand.Item{File: "other.der", Data: server(t, "other").DER}); !alone.Refused() {
		t.Error("a second certificate without its key was not refused")
	}
}

func TestAddFromVault(t *testing.T) {
	p := newPlant(t)
	press, oven := server(t, "press-1"), server(t, "oven-1")
	p.kv.Set("press-1-der", keyvault.Secret{Value: press.Hex(), ContentType: "application/pkix-cert", Tags: map[string]string{"file-encoding": "hex"}})
	p.kv.Set("oven-1-crt", keyvault.Secret{Value: string(oven.PEM()), ContentType: "application/x-pem-file"})
	p.kv.Set("historian-password", keyvault.Secret{Value: "MARKED-not-a-certificate"})
	p.kv.Set("off", keyvault.Secret{Value: press.Hex(), Disabled: true})

	all, err := p.hand.Candidates(t.Context(), "", "trust")
	must(t, err)
	var got []string
	for _, c := range all {
		got = append(got, fmt.Sprintf("%s %s %t", c.Secret, c.Key, c.Suits))
		if !c.Suits && len(c.Why) == 0 {
			t.Errorf("%s: nobody says why not", c.Secret)
		}
	}
	if diff := cmp.Diff([]string{"oven-1-crt oven-1.crt true", "press-1-der press-1.der true", "historian-password historian-password.der false", "off  false"}, got); diff != "" {
		t.Errorf("candidates (-want +got):\n%s", diff)
	}
	shown, err := json.Marshal(all)
	must(t, err)
	if strings.Contains(string(shown), "MARKED") {
		t.Error("a value is shown")
	}

	p.add("trust", hand.Item{Secret: "press-1-der"}, hand.Item{Secret: "oven-1-crt"})
	if want := "array:\n    - |\n      objectEncoding: hex\n      objectName: press-1-der\n      objectType: secret\n    - |\n      objectName: oven-1-crt\n      objectType: secret\n"; p.objects() != want {
		t.Errorf("objects %q", p.objects())
	}
	must(t, p.sse.Sync(t.Context(), p.ns, trust))
	if s, err := p.hand.Store(t.Context(), "", "trust"); err != nil || s.Entries[0].State != hand.Good || s.Entries[1].State != hand.Good {
		t.Errorf("%v %+v", err, s.Entries)
	}
	plan := p.planAdd("trust", hand.Item{Secret: "historian-password"})
	if !plan.Refused() || p.hand.Apply(t.Context(), plan, nil) == nil {
		t.Error("a password was taken for the trust list")
	}
}

func TestAddIsRefused(t *testing.T) {
	ca := certtest.Must(certtest.NewCA(certtest.Options{CommonName: "Plant CA", Key: certtest.RSA2048}))(t)
	press := server(t, "press-1")
	expired := certtest.Must(certtest.SelfSigned(certtest.Options{CommonName: "old", Key: certtest.RSA2048, URIs: []string{"urn:plant:old"},
		NotBefore: certtest.Epoch().AddDate(-2, 0, 0), NotAfter: certtest.Epoch().AddDate(0, 0, -1)}))(t)
	for name, tc := range map[string]struct {
		store string
		item  hand.Item
		setup func(p *plant)
		code  string
	}{
		"PEM under .der":            {"trust", hand.Item{File: "press-1.der", Data: press.PEM()}, nil, "SS-11"},
		"DER under .crt":            {"trust", hand.Item{File: "press-1.crt", Data: press.DER}, nil, "SS-12"},
		"expired":                   {"trust", hand.Item{File: "old.der", Data: expired.DER}, nil, "X-01"},
		"no CA in the issuer list":  {"issuer", hand.Item{File: "press-1.der", Data: press.DER}, nil, "X-04"},
		"a CRL without its CA":      {"issuer", hand.Item{File: "ca.crl", Data: certtest.Must(ca.CRL(certtest.CRLOptions{}))(t).DER}, nil, "SS-14"},
		"two certificates":          {"trust", hand.Item{File: "two.crt", Data: append(press.PEM(), ca.PEM()...)}, nil, "KV-19"},
		"an extension nobody reads": {"trust", hand.Item{File: "press-1.txt", Data: press.DER}, nil, "SS-08"},
		"a file that does not fit":  {"trust", hand.Item{File: "big.der", Data: make([]byte, 12801)}, nil, "KV-22"},
		"the name holds another value": {"trust", hand.Item{File: "press-1.der", Data: press.DER}, func(p *plant) {
			p.kv.Set("press-1-der", keyvault.Secret{Value: expired.Hex()})
		}, ""},
		"the name is deleted": {"trust", hand.Item{File: "press-1.der", Data: press.DER}, func(p *plant) {
			p.kv.Set("press-1-der", keyvault.Secret{Value: expired.Hex()})
			p.kv.Delete("press-1-der")
		}, "KV-04"},
		"the key is another secret's": {"trust", hand.Item{File: "press-1.der", Data: press.DER, Secret: "new-name"}, func(p *plant) {
			p.add("trust", hand.Item{File: "press-1.der", Data: server(p.t, "old-press").DER})
		}, "SS-04"},
		"a forbidden vault": {"trust", hand.Item{File: "press-1.der", Data: press.DER}, func(p *plant) {
			p.kv.Fail(keyvault.Denied(keyvault.ForbiddenByRbac))
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlant(t)
			if tc.setup != nil {
				tc.setup(p)
			}
			before := p.kv.Calls()[keyvault.SetSecret]
			plan := p.planAdd(tc.store, tc.item)
			if !plan.Refused() || !strings.Contains(codes(plan.Refusals), tc.code) {
				t.Fatalf("refusals %+v, want %q", plan.Refusals, tc.code)
			}
			for _, n := range plan.Refusals {
				if n.Remedy == "" {
					t.Errorf("no way out: %+v", n)
				}
			}
			if err := p.hand.Apply(t.Context(), plan, nil); err == nil || p.kv.Calls()[keyvault.SetSecret] != before {
				t.Errorf("a refused plan was applied: %v", err)
			}
		})
	}
}

func TestAddOverwrites(t *testing.T) {
	p := newPlant(t)
	p.add("trust", hand.Item{File: "press-1.der", Data: server(t, "press-1").DER})
	renewed := certtest.Must(certtest.SelfSigned(certtest.Options{CommonName: "press-1", KeyName: "renewed", Key: certtest.RSA2048, URIs: []string{"urn:plant:press-1"}}))(t)
	req := hand.AddRequest{Store: "trust", Items: []hand.Item{{File: "press-1.der", Data: renewed.DER}}, Overwrite: true}
	for _, deleted := range []bool{false, true} {
		if deleted {
			renewed = server(t, "press-1")
			req.Items[0].Data = renewed.DER
			p.kv.Delete("press-1-der")
		}
		plan, err := p.hand.PlanAdd(t.Context(), req)
		must(t, err)
		must(t, p.hand.Apply(t.Context(), plan, nil))
		s, err := p.sse.Vault.Get(t.Context(), vault.Ref{Vault: kvName, Name: "press-1-der"})
		if err != nil || s.Value.Reveal() != renewed.Hex() {
			t.Errorf("deleted %t: %v", deleted, err)
		}
	}
	if strings.Count(p.objects(), "objectName") != 1 || p.mappings(trust) != "press-1-der>press-1.der" {
		t.Errorf("%q %s", p.objects(), p.mappings(trust))
	}
}

// Names that the API does not take are made legal, and one stem stays one stem.
func TestAddNames(t *testing.T) {
	p := newPlant(t)
	ca := certtest.Must(certtest.NewCA(certtest.Options{CommonName: "Plant CA", Key: certtest.RSA2048}))(t)
	crl := certtest.Must(ca.CRL(certtest.CRLOptions{}))(t)
	p.add("trust", hand.Item{File: "UaServer [0AFB_9C].DER", Data: server(t, "press-1").DER})
	p.add("trust", hand.Item{File: "a.cer", Data: server(t, "oven-1").PEM()})
	p.add("trust", hand.Item{File: "Plant CA (2026).cer", Data: ca.DER}, hand.Item{File: "Plant CA (2026).crl", Data: crl.DER})
	if got, want := p.mappings(trust), "UaServer-0AFB-9C-der>UaServer-0AFB-9C.der cert-a-crt>cert-a.crt Plant-CA-2026-der>Plant-CA-2026.der Plant-CA-2026-crl>Plant-CA-2026.crl"; got != want {
		t.Errorf("mappings %s, want %s", got, want)
	}
	for _, items := range [][]hand.Item{
		{{File: "x.der", Key: "a_b.der", Data: ca.DER}},
		{{File: "☃.der", Data: ca.DER}},
		{{File: "b.der", Data: ca.DER, Key: "ab.der"}, {File: "ab.der", Data: ca.DER}},
	} {
		if _, err := p.hand.PlanAdd(t.Context(), hand.AddRequest{Store: "trust", Items: items}); err == nil {
			t.Errorf("%s was taken", items[0].File)
		}
	}
}

// A store that a ConnectorStore fills alone gets a source.
func TestAddToConnectorStore(t *testing.T) {
	p := newPlant(t)
	p.create(fmt.Sprintf("apiVersion: storewarden.io/v1alpha1\nkind: ConnectorStore\nmetadata: {name: lists}\nspec:\n  role: opcua-trust\n  secretName: %s\n  vault: {secretProviderClassName: %s}\n  sources:\n  - {name: plant, certManager: {kind: ClusterIssuer, name: plant}}\n", trust, class))
	p.add("trust", hand.Item{File: "press-1.der", Data: server(t, "press-1").DER})
	sources, _, _ := unstructured.NestedSlice(p.get(store.ConnectorStoreAPI, store.KindConnectorStore, "lists").Object, "spec", "sources")
	want := []any{map[string]any{"name": "plant", "certManager": map[string]any{"kind": "ClusterIssuer", "name": "plant"}},
		map[string]any{"name": "press-1-der", "vaultSecret": map[string]any{"name": "press-1-der", "key": "press-1.der"}}}
	if diff := cmp.Diff(want, sources); diff != "" {
		t.Errorf("sources (-want +got):\n%s", diff)
	}
	if p.objects() != "" || p.mappings(trust) != "" {
		t.Error("the SecretProviderClass or a SecretSync was written too")
	}
	if again := p.planAdd("trust", hand.Item{File: "press-1.der", Data: server(t, "press-1").DER}); again.Pending() != 0 {
		t.Errorf("a second time: %+v", again.Steps)
	}
	plan := p.planRemove(hand.RemoveRequest{Store: "trust", Keys: []string{"press-1.der"}})
	must(t, p.hand.Apply(t.Context(), plan, nil))
	sources, _, _ = unstructured.NestedSlice(p.get(store.ConnectorStoreAPI, store.KindConnectorStore, "lists").Object, "spec", "sources")
	if len(sources) != 1 {
		t.Errorf("sources %v", sources)
	}
}
