package hand_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/test/keyvault"
)

// A class in the cluster is repaired in place; what needs a decision stays.
func TestFix(t *testing.T) {
	p := newPlant(t)
	p.kv.Set("press-1-der", keyvault.Secret{Value: server(t, "press-1").Hex(), Tags: map[string]string{"file-encoding": "hex"}})
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
}
