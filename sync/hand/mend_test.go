package hand_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/sync/hand"
	"github.com/storewarden/storewarden/test/keyvault"
)

// A class in the cluster is repaired in place; what needs a decision stays.
func TestFix(t *testing.T) {
	p := newPlant(t)
	p.kv.Set("press-1-der", keyvault.Secret{Value: server(t, "press-1").Hex()})
	const broken = "array:\n# of the press\n- |\n  objectName: press-1-der # here\n  objecttype: Secret\n- |\n  objectName: press_2\n  objectType: secret\n"
	const want = "array:\n# of the press\n- |\n  objectEncoding: hex\n  objectName: press-1-der # here\n  objectType: secret\n- |\n  objectName: press_2\n  objectType: secret\n"
	u := p.get(store.SecretProviderClassAPI, store.KindSecretProviderClass, class)
	must(t, unstructured.SetNestedField(u.Object, broken, "spec", "parameters", "objects"))
	must(t, srv.Client.Update(t.Context(), u))
	for range 3 { // one repair may bring out what it hid
		plan, err := p.hand.PlanFix(t.Context(), nil)
		must(t, err)
		must(t, p.hand.Apply(t.Context(), plan, nil))
	}
	if got := p.objects(); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if plan, err := p.hand.PlanFix(t.Context(), nil); err != nil || len(plan.Steps) != 0 {
		t.Errorf("%v, left: %+v", err, plan)
	}

	// Where a store takes it, its missing labels are put on too.
	p.add("trust", hand.Item{Secret: "press-1-der"})
	plan, err := p.hand.PlanFix(t.Context(), nil)
	must(t, err)
	must(t, p.hand.Apply(t.Context(), plan, nil))
	s, err := p.sse.Vault.Get(t.Context(), vault.Ref{Vault: kvName, Name: "press-1-der"})
	if err != nil || s.Tags["file-encoding"] != "hex" || s.ContentType != "application/pkix-cert" || s.Value.Reveal() != server(t, "press-1").Hex() {
		t.Errorf("%v, tags %v, content type %q", err, s.Tags, s.ContentType)
	}
}
