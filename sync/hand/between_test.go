package hand_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/store/cluster"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/sync/hand"
	"github.com/storewarden/storewarden/test/certtest"
	"github.com/storewarden/storewarden/test/keyvault"
)

func (p *plant) setObjects(text string) {
	p.t.Helper()
	u := p.get(store.SecretProviderClassAPI, store.KindSecretProviderClass, class)
	must(p.t, unstructured.SetNestedField(u.Object, text, "spec", "parameters", "objects"))
	must(p.t, srv.Client.Update(p.t.Context(), u))
}

func (p *plant) alive(secret string) error {
	_, err := p.sse.Vault.Get(p.t.Context(), vault.Ref{Vault: kvName, Name: secret})
	return err
}

const entryOf = "array:\n    - |\n      objectEncoding: hex\n      objectName: %s\n      objectType: secret\n"

// Between the plan and its confirmation, a colleague puts the same secret into another store.
func TestRemoveKeepsWhatIsUsedSince(t *testing.T) {
	for _, purge := range []bool{false, true} {
		t.Run(fmt.Sprint(purge), func(t *testing.T) {
			p := newPlant(t)
			ca := certtest.Must(certtest.NewCA(certtest.Options{CommonName: "Plant CA", Key: certtest.RSA2048}))(t)
			p.add("trust", hand.Item{File: "press-1.der", Data: server(t, "press-1").DER}, hand.Item{File: "plant-ca.der", Data: ca.DER})
			plan := p.planRemove(hand.RemoveRequest{Store: "trust", Keys: []string{"plant-ca.der"}, Purge: purge})
			p.add("issuer", hand.Item{File: "plant-ca.der", Data: ca.DER})
			err := p.hand.Apply(t.Context(), plan, nil)
			if !strings.Contains(p.objects(), "plant-ca-der") {
				t.Errorf("the issuer list maps plant-ca-der, and the class does not offer it any more (apply said %v); denied: %q", err, p.denied())
			}
			if err := p.alive("plant-ca-der"); err != nil {
				t.Errorf("the issuer list's secret is purged: %v", err)
			}
		})
	}
}

// The other way round: the entry that a plan found goes before it is applied.
func TestAddNeedsTheEntryStill(t *testing.T) {
	p := newPlant(t)
	ca := certtest.Must(certtest.NewCA(certtest.Options{CommonName: "Plant CA", Key: certtest.RSA2048}))(t)
	p.add("trust", hand.Item{File: "press-1.der", Data: server(t, "press-1").DER}, hand.Item{File: "plant-ca.der", Data: ca.DER})
	plan := p.planAdd("issuer", hand.Item{File: "plant-ca.der", Data: ca.DER})
	p.remove(hand.RemoveRequest{Store: "trust", Keys: []string{"plant-ca.der"}})
	err := p.hand.Apply(t.Context(), plan, nil)
	if got := p.denied(); len(got) != 0 {
		t.Errorf("apply said %v, and what is there is denied: %q", err, got)
	}
}

// A plan that showed an edit never deletes the SecretSync.
func TestRemoveDeletesOnlyWhatWasShown(t *testing.T) {
	p := newPlant(t)
	p.add("trust", hand.Item{File: "press-1.der", Data: server(t, "press-1").DER}, hand.Item{File: "oven-1.der", Data: server(t, "oven-1").DER})
	mine := p.planRemove(hand.RemoveRequest{Store: "trust", Keys: []string{"press-1.der"}})
	p.remove(hand.RemoveRequest{Store: "trust", Keys: []string{"oven-1.der"}})
	if mine.Steps[0].Kind != hand.EditSync {
		t.Fatalf("%+v", mine.Steps)
	}
	err := p.hand.Apply(t.Context(), mine, nil)
	if p.get(store.SecretSyncAPI, store.KindSecretSync, trust).GetUID() == "" {
		t.Errorf("the SecretSync is deleted, which no plan showed; apply said %v", err)
	}
}

// A key that somebody else filled anew since is theirs.
func TestRemoveLeavesAnothersMapping(t *testing.T) {
	p := newPlant(t)
	p.add("trust", hand.Item{File: "press-1.der", Data: server(t, "press-1").DER}, hand.Item{File: "oven-1.der", Data: server(t, "oven-1").DER})
	plan := p.planRemove(hand.RemoveRequest{Store: "trust", Keys: []string{"press-1.der"}})
	p.remove(hand.RemoveRequest{Store: "trust", Keys: []string{"press-1.der"}})
	p.add("trust", hand.Item{File: "press-1.der", Data: server(t, "renewed").DER, Secret: "renewed"})
	err := p.hand.Apply(t.Context(), plan, nil)
	if !strings.Contains(p.mappings(trust), "renewed>press-1.der") {
		t.Errorf("another's mapping is gone: %s; apply said %v", p.mappings(trust), err)
	}
}

// An entry of the name that came since, and says otherwise, is not taken for ours.
func TestAddSeesAnothersEntry(t *testing.T) {
	p := newPlant(t)
	plan := p.planAdd("trust", hand.Item{File: "press-1.der", Data: server(t, "press-1").DER})
	p.setObjects("array:\n    - |\n      objectName: press-1-der\n      objectType: secret\n")
	err := p.hand.Apply(t.Context(), plan, nil)
	if err == nil || p.mappings(trust) != "" {
		t.Errorf("the store takes hex digits as text now: %v, %s, denied %q", err, p.mappings(trust), p.denied())
	}
}

// An entry without a mapping is no proof that the secret may be purged.
func TestPurgeGuessesNothing(t *testing.T) {
	p := newPlant(t)
	p.add("trust", hand.Item{File: "press-1.der", Data: server(t, "press-1").DER})
	p.kv.Set("press-2-der", keyvault.Secret{Value: server(t, "press-2").Hex(), Tags: map[string]string{"file-encoding": "hex"}})
	p.setObjects(p.objects() + "    - |\n      objectEncoding: hex\n      objectName: press-2-der\n      objectType: secret\n") // for a pod that mounts the class
	plan, err := p.hand.PlanRemove(t.Context(), hand.RemoveRequest{Store: "trust", Keys: []string{"press-2.der"}, Purge: true})
	if err != nil {
		return
	}
	for _, s := range plan.Steps {
		if s.Kind == hand.PurgeSecret {
			t.Errorf("the trust list never had press-2.der, and %s would be purged; refused: %t", s.Object, plan.Refused())
		}
	}
}

// What a ConnectorStore takes by tag is needed too.
func TestPurgeKeepsWhatATagTakes(t *testing.T) {
	p := newPlant(t)
	ca := certtest.Must(certtest.NewCA(certtest.Options{CommonName: "Plant CA", Key: certtest.RSA2048}))(t)
	p.kv.Set("plant-ca-der", keyvault.Secret{Value: ca.Hex(), ContentType: "application/pkix-cert", Tags: map[string]string{"file-encoding": "hex", "connector-store": "opcua-issuer"}})
	p.create(fmt.Sprintf("apiVersion: storewarden.io/v1alpha1\nkind: ConnectorStore\nmetadata: {name: lists}\nspec:\n  role: opcua-issuer\n  secretName: %s\n  vault: {secretProviderClassName: %s}\n  sources:\n  - {name: tagged, vaultTags: {match: {connector-store: opcua-issuer}}}\n", issuer, class))
	p.add("trust", hand.Item{File: "press-1.der", Data: server(t, "press-1").DER}, hand.Item{Secret: "plant-ca-der"})
	plan := p.planRemove(hand.RemoveRequest{Store: "trust", Keys: []string{"plant-ca.der"}, Purge: true})
	for _, s := range plan.Steps {
		if s.Kind == hand.PurgeSecret && !plan.Refused() {
			t.Errorf("%s would be purged, and ConnectorStore lists takes it by its tag", s.Object)
		}
	}
}

// Whoever else takes a secret that gets a version is named, and judged.
func TestOverwriteTellsOfEveryUser(t *testing.T) {
	ca := func(t *testing.T) *certtest.Cert {
		return certtest.Must(certtest.NewCA(certtest.Options{CommonName: "Plant CA", Key: certtest.RSA2048}))(t)
	}
	for name, setup := range map[string]func(p *plant){
		"a ConnectorStore": func(p *plant) {
			p.create(fmt.Sprintf("apiVersion: storewarden.io/v1alpha1\nkind: ConnectorStore\nmetadata: {name: lists}\nspec:\n  role: opcua-issuer\n  secretName: %s\n  vault: {secretProviderClassName: %s}\n  sources:\n  - {name: ca, vaultSecret: {name: plant-ca-der}}\n", issuer, class))
		},
		"another class": func(p *plant) {
			p.create(fmt.Sprintf("apiVersion: secrets-store.csi.x-k8s.io/v1\nkind: SecretProviderClass\nmetadata: {name: second}\nspec:\n  provider: azure\n  parameters: {keyvaultName: %s, clientID: 00000000-0000-0000-0000-000000000001, tenantID: 00000000-0000-0000-0000-000000000002, objects: %q}", kvName, fmt.Sprintf(entryOf, "plant-ca-der")))
			p.create(fmt.Sprintf("apiVersion: secret-sync.x-k8s.io/v1alpha1\nkind: SecretSync\nmetadata: {name: %s}\nspec:\n  secretProviderClassName: second\n  serviceAccountName: aio-ssc-sa\n  secretObject: {type: Opaque, data: [{sourcePath: plant-ca-der, targetKey: plant-ca.der}]}\n", issuer))
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlant(t)
			p.kv.Set("plant-ca-der", keyvault.Secret{Value: ca(t).Hex(), ContentType: "application/pkix-cert", Tags: map[string]string{"file-encoding": "hex"}})
			setup(p)
			plan, err := p.hand.PlanAdd(t.Context(), hand.AddRequest{Store: "trust", Items: []hand.Item{{File: "plant-ca.der", Data: server(t, "press-1").DER}}, ProviderClass: class, Overwrite: true})
			must(t, err)
			if !plan.Refused() && !strings.Contains(fmt.Sprint(plan.Warnings), "gets the new version") {
				t.Errorf("the issuer list's CA becomes a server's certificate, and nobody is told: %+v", plan.Warnings)
			}
		})
	}
}

// A source's name that is taken is not the source.
func TestAddToConnectorStoreWithTakenName(t *testing.T) {
	p := newPlant(t)
	p.create(fmt.Sprintf("apiVersion: storewarden.io/v1alpha1\nkind: ConnectorStore\nmetadata: {name: lists}\nspec:\n  role: opcua-trust\n  secretName: %s\n  vault: {secretProviderClassName: %s}\n  sources:\n  - {name: press-1-der, configMap: {name: bundle, key: ca.crt}}\n", trust, class))
	expired := certtest.Must(certtest.SelfSigned(certtest.Options{CommonName: "old", Key: certtest.RSA2048, URIs: []string{"urn:plant:old"},
		NotBefore: certtest.Epoch().AddDate(-2, 0, 0), NotAfter: certtest.Epoch().AddDate(0, 0, -1)}))(t)
	if plan := p.planAdd("trust", hand.Item{File: "press-1.der", Data: expired.DER}); !plan.Refused() {
		t.Error("an expired certificate is not refused")
	}
	plan := p.planAdd("trust", hand.Item{File: "press-1.der", Data: server(t, "press-1").DER})
	err := p.hand.Apply(t.Context(), plan, nil)
	sources, _, _ := unstructured.NestedSlice(p.get(store.ConnectorStoreAPI, store.KindConnectorStore, "lists").Object, "spec", "sources")
	if err == nil && len(sources) != 2 {
		t.Errorf("applied without an error, all steps done, and the source is not there: %v", sources)
	}
}

// A source that puts the secret under another key is not what was asked for.
func TestAddToConnectorStoreUnderAnotherKey(t *testing.T) {
	p := newPlant(t)
	p.kv.Set("press-1-der", keyvault.Secret{Value: server(t, "press-1").Hex(), ContentType: "application/pkix-cert", Tags: map[string]string{"file-encoding": "hex"}})
	p.create(fmt.Sprintf("apiVersion: storewarden.io/v1alpha1\nkind: ConnectorStore\nmetadata: {name: lists}\nspec:\n  role: opcua-trust\n  secretName: %s\n  vault: {secretProviderClassName: %s}\n  sources:\n  - {name: press, vaultSecret: {name: press-1-der}}\n", trust, class))
	if plan := p.planAdd("trust", hand.Item{Secret: "press-1-der", Key: "left-press.der"}); plan.Pending() == 0 && !plan.Refused() {
		t.Errorf("it says that all is done, and key left-press.der comes from nowhere: %+v", plan.Steps)
	}
}

// A vault that does not tell what it holds is not written blindly.
func TestUploadLooksBeforeItWrites(t *testing.T) {
	p := newPlant(t)
	plan := p.planAdd("trust", hand.Item{File: "press-1.der", Data: server(t, "press-1").DER})
	theirs := server(t, "theirs").Hex()
	p.kv.Set("press-1-der", keyvault.Secret{Value: theirs})
	f := keyvault.Denied(keyvault.ForbiddenByRbac)
	f.Operation = keyvault.GetSecret
	p.kv.Fail(f)
	err := p.hand.Apply(t.Context(), plan, nil)
	p.kv.Heal()
	s, getErr := p.sse.Vault.Get(t.Context(), vault.Ref{Vault: kvName, Name: "press-1-der"})
	must(t, getErr)
	if s.Value.Reveal() != theirs {
		t.Errorf("another's secret got a version unasked; apply said %v", err)
	}
}

// What was to be overwritten is what the person saw.
func TestOverwriteOfWhatWasSeen(t *testing.T) {
	p := newPlant(t)
	p.add("trust", hand.Item{File: "press-1.der", Data: server(t, "press-1").DER})
	plan, err := p.hand.PlanAdd(t.Context(), hand.AddRequest{Store: "trust", Items: []hand.Item{{File: "press-1.der", Data: server(t, "mine").DER}}, Overwrite: true})
	must(t, err)
	theirs := server(t, "theirs").Hex()
	p.kv.Set("press-1-der", keyvault.Secret{Value: theirs, Tags: map[string]string{"file-encoding": "hex"}})
	err = p.hand.Apply(t.Context(), plan, nil)
	s, getErr := p.sse.Vault.Get(t.Context(), vault.Ref{Vault: kvName, Name: "press-1-der"})
	must(t, getErr)
	if s.Value.Reveal() != theirs {
		t.Errorf("a renewal that came since the plan is overwritten; apply said %v", err)
	}
}

// The value of a key is the one that was shown.
func TestRemoveByHandOfWhatWasShown(t *testing.T) {
	p := newPlant(t)
	u := p.create(fmt.Sprintf("apiVersion: v1\nkind: Secret\nmetadata: {name: %s}\ntype: Opaque\nstringData: {a.crt: one, b.crt: two}", trust))
	plan := p.planRemove(hand.RemoveRequest{Store: "trust", Keys: []string{"a.crt"}})
	u.Object["stringData"] = map[string]any{"a.crt": "a renewed one"}
	must(t, srv.Client.Patch(t.Context(), &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": trust, "namespace": p.ns}}},
		client.RawPatch("application/merge-patch+json", []byte(`{"stringData":{"a.crt":"a renewed one"}}`))))
	err := p.hand.Apply(t.Context(), plan, nil)
	data, _, _ := unstructured.NestedMap(p.get("v1", "Secret", trust).Object, "data")
	if data["a.crt"] == nil {
		t.Errorf("what somebody wrote since the plan is gone; apply said %v", err)
	}
}

// Each class is asked about in its own namespace.
func TestFixOfTwoNamespaces(t *testing.T) {
	a, b := newPlant(t), newPlant(t)
	a.setObjects("array:\n- |\n  objectName: press-1-der\n  objectType: Secret\n")
	user, err := srv.User("half-" + a.ns)
	must(t, err)
	for _, p := range []*plant{a, b} {
		verbs := "[get, list, patch]"
		if p == b {
			verbs = "[get, list]"
		}
		p.create("apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: view}\nrules:\n- {apiGroups: ['*'], resources: ['*'], verbs: " + verbs + "}")
		p.create("apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: view}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: view}\nsubjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: half-" + a.ns + "}]")
	}
	cl, err := client.New(user, client.Options{})
	must(t, err)
	e, err := rules()
	must(t, err)
	inventory := store.Inventory{Namespaces: []string{a.ns, b.ns}}
	h, err := hand.New(hand.Options{Client: cl, Peers: cluster.NewLive(srv.Client), Vault: a.vault, Inventory: inventory, Namespaces: []string{a.ns, b.ns},
		Judge:         func(r vault.Reader) (*review.Reviewer, error) { return newReviewer(e, inventory, r) },
		ExpiryWarning: 30 * 24 * time.Hour, Now: certtest.Epoch})
	must(t, err)
	plan, err := h.PlanFix(t.Context(), nil)
	must(t, err)
	if len(plan.Steps) != 1 || plan.Refused() {
		t.Errorf("steps %d, refused for a right that it does not need: %+v", len(plan.Steps), plan.Refusals)
	}
}

// A private key, in whatever form, is not put into a list that others read.
func TestPrivateKeysStayOut(t *testing.T) {
	c := server(t, "press-1")
	key := certtest.Must(c.Key.PEM(certtest.PKCS8))(t)
	pfx := certtest.Must(certtest.PKCS12("", c))(t)
	locked := certtest.Must(certtest.PKCS12("secret", c))(t)
	for _, name := range []string{"trust", "issuer", "my-trust-list"} {
		p := newPlant(t)
		p.create(fmt.Sprintf("apiVersion: v1\nkind: Secret\nmetadata: {name: my-trust-list, labels: {storewarden.io/store: tls-trust}}\ntype: Opaque"))
		for _, it := range []hand.Item{
			{File: "a1.pem", Data: key}, {File: "a2.crt", Data: append(c.PEM(), key...)}, {File: "a3.crt", Data: append(append([]byte{}, key...), c.PEM()...)},
			{File: "a4.pfx", Data: pfx}, {File: "a5.der", Data: pfx}, {File: "a6.der", Data: locked}, {File: "a7.crt", Data: key}, {File: "a8.der", Data: key}, {File: "a9.p12", Data: locked},
		} {
			if plan := p.planAdd(name, it); !plan.Refused() {
				t.Errorf("%s to %s is not refused: %+v", it.File, name, plan.Warnings)
			}
		}
	}
}

// What another manager holds as well, such as a backup that was restored, goes too.
func TestRemoveOfWhatTwoHold(t *testing.T) {
	p := newPlant(t)
	p.add("trust", hand.Item{File: "press-1.der", Data: server(t, "press-1").DER}, hand.Item{File: "oven-1.der", Data: server(t, "oven-1").DER})
	must(t, p.sse.Sync(t.Context(), p.ns, trust))
	u := p.get("v1", "Secret", trust)
	data, _, _ := unstructured.NestedMap(u.Object, "data")
	restored := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": trust, "namespace": p.ns}, "data": data}}
	must(t, srv.Client.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(restored), client.FieldOwner("velero"), client.ForceOwnership))
	p.remove(hand.RemoveRequest{Store: "trust", Keys: []string{"press-1.der"}})
	must(t, p.sse.Sync(t.Context(), p.ns, trust))
	data, _, _ = unstructured.NestedMap(p.get("v1", "Secret", trust).Object, "data")
	if data["press-1.der"] != nil {
		t.Error("it says that all is done, and press-1 is trusted still")
	}
}

// A version that only gets labels keeps its attributes.
func TestRelabelKeepsWhatStands(t *testing.T) {
	p := newPlant(t)
	p.kv.Set("press-1-der", keyvault.Secret{Value: server(t, "press-1").Hex(), Nbf: certtest.Epoch().AddDate(0, 0, -3)})
	p.add("trust", hand.Item{Secret: "press-1-der"})
	plan, err := p.hand.PlanFix(t.Context(), nil)
	must(t, err)
	must(t, p.hand.Apply(t.Context(), plan, nil))
	s, err := p.sse.Vault.Get(t.Context(), vault.Ref{Vault: kvName, Name: "press-1-der"})
	must(t, err)
	if s.NotBefore.IsZero() {
		t.Error("the secret's nbf is gone, which no plan showed")
	}
}

// What is too large is not said to be there.
func TestTooLargeIsNotThere(t *testing.T) {
	p := newPlant(t)
	if s := p.planAdd("trust", hand.Item{File: "big.der", Data: make([]byte, 12801)}).Steps[0]; s.Done {
		t.Errorf("%+v", s)
	}
}

// A source that names another secret by now is somebody else's.
func TestRemoveLeavesAnothersSource(t *testing.T) {
	p := newPlant(t)
	p.create(fmt.Sprintf("apiVersion: storewarden.io/v1alpha1\nkind: ConnectorStore\nmetadata: {name: lists}\nspec:\n  role: opcua-trust\n  secretName: %s\n  vault: {secretProviderClassName: %s}\n  sources:\n  - {name: plant, configMap: {name: bundle, key: ca.crt}}\n", trust, class))
	p.add("trust", hand.Item{File: "press-1.der", Data: server(t, "press-1").DER})
	plan := p.planRemove(hand.RemoveRequest{Store: "trust", Keys: []string{"press-1.der"}})
	u := p.get(store.ConnectorStoreAPI, store.KindConnectorStore, "lists")
	sources, _, _ := unstructured.NestedSlice(u.Object, "spec", "sources")
	must(t, unstructured.SetNestedField(sources[1].(map[string]any), "renewed", "vaultSecret", "name"))
	must(t, unstructured.SetNestedSlice(u.Object, sources, "spec", "sources"))
	must(t, srv.Client.Update(t.Context(), u))
	err := p.hand.Apply(t.Context(), plan, nil)
	sources, _, _ = unstructured.NestedSlice(p.get(store.ConnectorStoreAPI, store.KindConnectorStore, "lists").Object, "spec", "sources")
	if len(sources) != 2 {
		t.Errorf("another's source is gone; apply said %v", err)
	}
}

// What came to depend on a key since keeps it.
func TestRemoveAsksOnceMore(t *testing.T) {
	p := newPlant(t)
	p.add("trust", hand.Item{File: "press-1.der", Data: server(t, "press-1").DER}, hand.Item{File: "oven-1.der", Data: server(t, "oven-1").DER})
	plan := p.planRemove(hand.RemoveRequest{Store: "trust", Keys: []string{"press-1.der"}})
	p.create(`
apiVersion: namespaces.deviceregistry.microsoft.com/v1
kind: Device
metadata: {name: press}
spec:
  endpoints:
    inbound:
      e1:
        endpointType: Microsoft.Http
        address: https://press-1
        authentication: {method: Certificate, x509Credentials: {certificateSecretName: ` + trust + `/press-1.der}}
`)
	err := p.hand.Apply(t.Context(), plan, nil)
	if !strings.Contains(p.mappings(trust), "press-1.der") {
		t.Errorf("Device press names the key, and it is gone; apply said %v", err)
	}
}
