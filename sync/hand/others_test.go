package hand_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/sync/hand"
)

// Somebody else changes the same objects between the reading and the writing of a step:
// the write is refused as a conflict, made anew, and both changes stand.
func TestOthersChangesStay(t *testing.T) {
	p := newPlant(t)
	p.add("trust", hand.Item{File: "press-1.der", Data: server(t, "press-1").DER})
	plan := p.planAdd("trust", hand.Item{File: "oven-1.der", Data: server(t, "oven-1").DER})
	conflicts := 0
	p.stop = func(call string, after bool) error {
		if after || conflicts >= 3 || !strings.HasPrefix(call, "patch ") {
			return nil
		}
		conflicts++
		api, kind, name := store.SecretProviderClassAPI, store.KindSecretProviderClass, class
		if call == "patch SecretSync" {
			api, kind, name = store.SecretSyncAPI, store.KindSecretSync, trust
		}
		u := p.get(api, kind, name)
		u.SetLabels(map[string]string{"changed": strings.Repeat("x", conflicts)})
		if kind == store.KindSecretProviderClass {
			must(t, unstructured.SetNestedField(u.Object, p.objects()+"    # theirs\n", "spec", "parameters", "objects"))
		}
		return srv.Client.Update(t.Context(), u)
	}
	must(t, p.hand.Apply(t.Context(), plan, nil))
	if conflicts != 3 || !strings.Contains(p.objects(), "# theirs") || !strings.Contains(p.objects(), "oven-1-der") {
		t.Errorf("%d conflicts, objects %q", conflicts, p.objects())
	}
	if got := p.mappings(trust); got != "press-1-der>press-1.der oven-1-der>oven-1.der" {
		t.Errorf("mappings %s", got)
	}
}

// What stands in the way since the plan was made stops it, and is not overwritten.
func TestPlanIsOutOfDate(t *testing.T) {
	p := newPlant(t)
	plan := p.planAdd("trust", hand.Item{File: "press-1.der", Data: server(t, "press-1").DER})
	p.add("trust", hand.Item{File: "press-1.der", Data: server(t, "another").DER, Secret: "another"})
	err := p.hand.Apply(t.Context(), plan, nil)
	if err == nil || !strings.Contains(err.Error(), "plan again") || p.mappings(trust) != "another>press-1.der" {
		t.Errorf("%v, mappings %s", err, p.mappings(trust))
	}
}
