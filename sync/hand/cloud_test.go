package hand_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/sync/hand"
)

// Where Azure keeps an object the plan says that it will be written anew, and how the same
// is done there.
func TestAzureKeepsTheObject(t *testing.T) {
	p := newPlant(t)
	p.add("trust", hand.Item{File: "press-1.der", Data: server(t, "press-1").DER})
	p.add("trust", hand.Item{File: "press-2.der", Data: server(t, "press-2").DER})
	remove := hand.RemoveRequest{Store: "trust", Keys: []string{"press-1.der"}}
	if got := codes(p.planRemove(remove).Warnings); strings.Contains(got, "SPC-41") {
		t.Errorf("nothing is Azure's: %s", got)
	}
	u := p.get(store.SecretSyncAPI, store.KindSecretSync, trust)
	must(t, srv.Client.Patch(t.Context(), u, client.RawPatch(types.MergePatchType,
		[]byte(`{"metadata":{"annotations":{"management.azure.com/resourceId":"/subscriptions/x"}}}`))))
	for verb, warnings := range map[string][]hand.Notice{
		"opcua trust remove --instance INSTANCE --resource-group GROUP --certificate-names press-1.der": p.planRemove(remove).Warnings,
		"opcua trust add --instance INSTANCE --resource-group GROUP --certificate-file FILE": p.planAdd("trust",
			hand.Item{File: "press-3.der", Data: server(t, "press-3").DER}).Warnings,
	} {
		found := false
		for _, w := range warnings {
			found = found || w.Code == "SPC-41" && strings.Contains(w.Remedy, verb)
		}
		if !found {
			t.Errorf("no way through Azure by %q: %+v", verb, warnings)
		}
	}
}
