package hand_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/sync/hand"
	"github.com/storewarden/storewarden/test/certtest"
	"github.com/storewarden/storewarden/test/keyvault"
)

func (p *plant) remove(req hand.RemoveRequest) *hand.Plan {
	p.t.Helper()
	plan := p.planRemove(req)
	if plan.Refused() {
		p.t.Fatalf("refused: %+v", plan.Refusals)
	}
	must(p.t, p.hand.Apply(p.t.Context(), plan, nil))
	return plan
}

// Removal is of the cluster; an entry that another store uses stays, and so does the last.
func TestRemove(t *testing.T) {
	p := newPlant(t)
	ca := certtest.Must(certtest.NewCA(certtest.Options{CommonName: "Plant CA", Key: certtest.RSA2048}))(t)
	p.add("trust", hand.Item{File: "press-1.der", Data: server(t, "press-1").DER})
	p.add("trust", hand.Item{File: "plant-ca.der", Data: ca.DER})
	p.add("issuer", hand.Item{File: "plant-ca.der", Data: ca.DER})

	p.remove(hand.RemoveRequest{Store: "trust", Keys: []string{"press-1.der"}})
	if p.mappings(trust) != "plant-ca-der>plant-ca.der" || strings.Contains(p.objects(), "press-1-der") || !strings.Contains(p.objects(), "plant-ca-der") {
		t.Errorf("mappings %s, objects %q", p.mappings(trust), p.objects())
	}
	if _, err := p.sse.Vault.Get(t.Context(), vault.Ref{Vault: kvName, Name: "press-1-der"}); err != nil {
		t.Errorf("the vault's secret: %v", err)
	}
	p.remove(hand.RemoveRequest{Store: "issuer", Keys: []string{"plant-ca.der"}})
	if u := p.get(store.SecretSyncAPI, store.KindSecretSync, issuer); u.GetUID() != "" || !strings.Contains(p.objects(), "plant-ca-der") {
		t.Errorf("SecretSync %s, objects %q", u.GetUID(), p.objects())
	}
	plan := p.remove(hand.RemoveRequest{Store: "trust", Keys: []string{"plant-ca.der"}})
	if !strings.Contains(codes(plan.Warnings), "SPC-09") || !strings.Contains(p.objects(), "plant-ca-der") {
		t.Errorf("the last entry did not stay: %q, warnings %+v", p.objects(), plan.Warnings)
	}
	if got := p.denied(); len(got) != 0 {
		t.Errorf("denied: %q", got)
	}
}

// What depends on a key keeps it.
func TestRemoveIsRefused(t *testing.T) {
	p := newPlant(t)
	ca := certtest.Must(certtest.NewCA(certtest.Options{CommonName: "Plant CA", Key: certtest.RSA2048}))(t)
	press := certtest.Must(ca.Issue(certtest.Options{CommonName: "press-1", Key: certtest.RSA2048, URIs: []string{"urn:plant:press-1"}}))(t)
	own := server(t, "own")
	p.add("trust", hand.Item{File: "press-1.der", Data: press.DER})
	p.add("issuer", hand.Item{File: "plant-ca.der", Data: ca.DER}, hand.Item{File: "plant-ca.crl", Data: certtest.Must(ca.CRL(certtest.CRLOptions{}))(t).DER})
	p.add("client", hand.Item{File: "own.der", Data: own.DER}, hand.Item{File: "own.pem", Data: certtest.Must(own.Key.PEM(certtest.PKCS8))(t)})
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
        trustSettings: {trustList: ` + trust + `}
        authentication: {method: Certificate, x509Credentials: {certificateSecretName: ` + trust + `/press-1.der}}
`)
	for name, tc := range map[string]struct {
		store string
		keys  []string
		want  string
	}{
		"a Device names the key":  {"trust", []string{"press-1.der"}, "U-03"},
		"a chain goes through it": {"issuer", []string{"plant-ca.der", "plant-ca.crl"}, ""},
		"a CRL stands beside it":  {"issuer", []string{"plant-ca.der"}, "SS-14"},
		"its key would be alone":  {"client", []string{"own.der"}, "SS-10"},
	} {
		t.Run(name, func(t *testing.T) {
			plan := p.planRemove(hand.RemoveRequest{Store: tc.store, Keys: tc.keys})
			if !plan.Refused() || !strings.Contains(codes(plan.Refusals), tc.want) {
				t.Errorf("refusals %+v", plan.Refusals)
			}
		})
	}
	if _, err := p.hand.PlanRemove(t.Context(), hand.RemoveRequest{Store: "trust", Keys: []string{"press-1.der"}, Force: true}); err == nil {
		t.Error("force without a reason")
	}
	if _, err := p.hand.PlanRemove(t.Context(), hand.RemoveRequest{Store: "trust", Keys: []string{"pres-1.der"}, Purge: true}); err == nil {
		t.Error("a key that is not there")
	}
	p.remove(hand.RemoveRequest{Store: "trust", Keys: []string{"press-1.der"}, Force: true, Reason: "the press is scrap"})
	events := &corev1.EventList{}
	must(t, srv.Client.List(t.Context(), events, client.InNamespace(p.ns)))
	if len(events.Items) != 1 || events.Items[0].Message != "removed press-1.der: the press is scrap" {
		t.Errorf("events %+v", events.Items)
	}
}

func TestRemovePurges(t *testing.T) {
	p := newPlant(t)
	press, oven := server(t, "press-1"), server(t, "oven-1")
	p.add("trust", hand.Item{File: "press-1.der", Data: press.DER, Secret: "another-name"}, hand.Item{File: "oven-1.der", Data: oven.DER})
	plan := p.planRemove(hand.RemoveRequest{Store: "trust", Keys: []string{"press-1.der"}, Purge: true})
	if !plan.Irreversible() {
		t.Error("nobody is asked a second time")
	}
	must(t, p.hand.Apply(t.Context(), plan, nil))
	ref := vault.Ref{Vault: kvName, Name: "another-name"}
	_, err := p.sse.Vault.Get(t.Context(), ref)
	if reason, _ := vault.ReasonOf(err); reason != vault.NotFound {
		t.Errorf("the secret: %v", err)
	}
	if notes := p.get(store.SecretProviderClassAPI, store.KindSecretProviderClass, class).GetAnnotations(); len(notes) != 0 {
		t.Errorf("notes are left: %v", notes)
	}
	p.kv.Fail(keyvault.Denied(keyvault.ForbiddenByRbac))
	if _, err := p.hand.PlanRemove(t.Context(), hand.RemoveRequest{Store: "trust", Keys: []string{"press-1.der"}, Purge: true}); err == nil {
		t.Error("what is gone was planned again")
	}
}

// A vault that lets nobody purge says so, and what is left of the secret.
func TestPurgeIsNotPermitted(t *testing.T) {
	p := newPlant(t)
	p.add("trust", hand.Item{File: "press-1.der", Data: server(t, "press-1").DER}, hand.Item{File: "oven-1.der", Data: server(t, "oven-1").DER})
	plan := p.planRemove(hand.RemoveRequest{Store: "trust", Keys: []string{"press-1.der"}, Purge: true})
	f := keyvault.Denied(keyvault.ForbiddenByRbac)
	f.Operation = keyvault.PurgeSecret
	p.kv.Fail(f)
	err := p.hand.Apply(t.Context(), plan, nil)
	if err == nil || !strings.Contains(err.Error(), "purge protection") || !strings.Contains(err.Error(), "Key Vault Secrets Officer") {
		t.Errorf("told: %v", err)
	}
}

// By whomever a key came, it goes; the vault is not needed for what is by hand.
func TestRemoveByHand(t *testing.T) {
	p := newPlant(t)
	p.create(fmt.Sprintf("apiVersion: v1\nkind: Secret\nmetadata: {name: %s}\ntype: Opaque\nstringData: {a.crt: one, b.crt: two}", trust))
	plan := p.remove(hand.RemoveRequest{Store: "trust", Keys: []string{"a.crt"}})
	if len(plan.Steps) != 1 || plan.Steps[0].Kind != hand.EditSecret {
		t.Errorf("steps %+v", plan.Steps)
	}
	s, err := p.hand.Store(t.Context(), "", "trust")
	if err != nil || len(s.Entries) != 1 || s.Entries[0].Key != "b.crt" || s.Entries[0].Origin.By != hand.ByHand {
		t.Errorf("%v %+v", err, s.Entries)
	}
}

// Whoever may not do a step is told before.
func TestRights(t *testing.T) {
	p := newPlant(t)
	user, err := srv.User("viewer-" + p.ns)
	must(t, err)
	p.create("apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: view}\nrules:\n- {apiGroups: ['*'], resources: ['*'], verbs: [get, list]}")
	p.create("apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: view}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: view}\nsubjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: viewer-" + p.ns + "}]")
	cl, err := client.New(user, client.Options{})
	must(t, err)
	h := p.newHand(cl, p.vault)
	plan, err := h.PlanAdd(t.Context(), hand.AddRequest{Store: "trust", Items: []hand.Item{{File: "press-1.der", Data: server(t, "press-1").DER}}})
	must(t, err)
	var got []string
	for _, r := range plan.Rights {
		got = append(got, r.Allowed+" "+r.Action)
		if r.Remedy == "" {
			t.Errorf("no way out: %+v", r)
		}
	}
	want := []string{"unknown setSecret in vault plant-kv", "no patch secretproviderclasses.secrets-store.csi.x-k8s.io " + class + " in namespace " + p.ns,
		"no create secretsyncs.secret-sync.x-k8s.io in namespace " + p.ns}
	if diff := cmp.Diff(want, got); diff != "" || !plan.Refused() {
		t.Errorf("rights (-want +got):\n%s", diff)
	}
}

// A vault that refuses the write says which role is missing.
func TestVaultRightIsMissing(t *testing.T) {
	p := newPlant(t)
	plan := p.planAdd("trust", hand.Item{File: "press-1.der", Data: server(t, "press-1").DER})
	f := keyvault.Denied(keyvault.ForbiddenByRbac)
	f.Operation = keyvault.SetSecret
	p.kv.Fail(f)
	err := p.hand.Apply(t.Context(), plan, nil)
	if err == nil || !strings.Contains(err.Error(), "Key Vault Secrets Officer") || p.objects() != "" {
		t.Errorf("%v, objects %q", err, p.objects())
	}
}
