package webhook_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/policies"
	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/input"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/test/certtest"
	"github.com/storewarden/storewarden/test/scene"
	"github.com/storewarden/storewarden/webhook"
)

var loops = webhook.Profile{Class: verdict.ControlLoop, Users: []string{"system:serviceaccount:kube-system:namespace-controller"}, Mode: verdict.ModeWarn}

// What was there before with more entries than are judged can go.
func TestMoreThanIsJudged(t *testing.T) {
	h := realHandler(t, append([]webhook.Profile{loops}, defaults...)...)
	for _, user := range []string{"alice", "system:serviceaccount:kube-system:namespace-controller"} {
		if r := askRaw(t, h, webhook.Path, "DELETE", user, nil, bigSecret(nil)); !r.Allowed {
			t.Errorf("%s may not delete it: %d %s", user, r.Result.Code, r.Result.Message)
		}
	}
	going := bigSecret(nil)
	going["metadata"].(map[string]any)["deletionTimestamp"] = "2026-01-01T00:00:00Z"
	if r := askRaw(t, h, webhook.Path, "UPDATE", "alice", going, going); !r.Allowed {
		t.Errorf("its finalizer may not be taken away: %d %s", r.Result.Code, r.Result.Message)
	}
}

// bigSecret has more keys than are judged.
func bigSecret(labels map[string]string) map[string]any {
	data := map[string]any{}
	for i := range 1001 {
		data[fmt.Sprintf("m%04d.der", i)] = "AAAA"
	}
	meta := map[string]any{"name": trust, "namespace": ns}
	if labels != nil {
		meta["labels"] = labels
	}
	return map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": meta, "data": data}
}

// The namespace controller passes whatever cannot be read or judged.
func TestControllersPassWhateverHappens(t *testing.T) {
	const controller = "system:serviceaccount:kube-system:namespace-controller"
	device := map[string]any{"apiVersion": "namespaces.deviceregistry.microsoft.com/v2", "kind": "Device", "metadata": map[string]any{"name": "d", "namespace": ns},
		"spec": map[string]any{"endpoints": map[string]any{"inbound": map[string]any{"e": map[string]any{"additionalConfiguration": map[string]any{"a": 1}}}}}}
	if r := askRaw(t, realHandler(t, loops), webhook.Path, "DELETE", controller, nil, device); !r.Allowed {
		t.Errorf("a Device of a newer version may not go: %d %s", r.Result.Code, r.Result.Message)
	}
	small := bigSecret(nil)
	small["data"] = map[string]any{}
	for name, j := range map[string]webhook.Judge{"an error": errs{}, "a panic": panics{}} {
		if r := askRaw(t, handler(t, j, loops), webhook.Path, "DELETE", controller, nil, small); !r.Allowed {
			t.Errorf("%s of ours keeps the namespace: %d %s", name, r.Result.Code, r.Result.Message)
		}
	}
}

// While no webhook answers, what goes with its namespace or owner can go.
func TestControllersPassWhileNobodyAnswers(t *testing.T) {
	must(t, srv.Client.Create(t.Context(), secret(trust, map[string][]byte{"aa.der": machine(t, "a", certtest.Options{}).DER})))
	must(t, srv.Client.Create(t.Context(), object(t, scene.Class("goes", scene.Entry("x")))))
	url := "https://127.0.0.1:1"
	reg := webhook.Registration{Inventory: inventory, Profiles: append([]webhook.Profile{loops}, defaults...), Timeout: 2 * time.Second,
		Client: admissionregistrationv1.WebhookClientConfig{URL: &url}}
	v := reg.Validating()
	must(t, srv.Client.Create(context.Background(), v))
	t.Cleanup(func() { clean(t, v) })
	alice, _ := as(t, "alice")
	await(t, "the webhook is called", func() bool {
		return alice.Create(context.Background(), object(t, scene.Class("probe", "")), client.DryRunAll) != nil
	})
	controller, _ := as(t, "system:serviceaccount:kube-system:namespace-controller")
	if err := controller.Delete(t.Context(), secret(trust, nil)); err != nil {
		t.Errorf("a store: %v", err)
	}
	if err := controller.Delete(t.Context(), object(t, scene.Class("goes", ""))); err != nil {
		t.Errorf("a class: %v", err)
	}
}

// A deletionTimestamp of one's own is no way around.
func TestForgedDeletion(t *testing.T) {
	open(t, setup{profiles: writers})
	alice, _ := as(t, "alice")
	robot, _ := as(t, sseUser)
	now := metav1.Now()
	s := secret(trust, map[string][]byte{"a.der": expired(t, "a")})
	s.DeletionTimestamp = &now
	if err := alice.Create(t.Context(), s.DeepCopy()); err == nil {
		t.Error("a person creates a bad Secret that is being deleted")
	}
	s.Data["b.der"] = machine(t, "b", certtest.Options{}).DER
	if err := robot.Create(t.Context(), s.DeepCopy()); err == nil && stored(t, trust).Data["a.der"] != nil {
		t.Error("a controller creates a bad entry")
	}
	u := object(t, scene.Class("forged", "        - objectName: x\n"))
	u.SetDeletionTimestamp(&now)
	if err := alice.Create(t.Context(), u); err == nil {
		t.Error("a person creates a bad class that is being deleted")
	}
}

// realHandler judges with the real rules.
func realHandler(t testing.TB, profiles ...webhook.Profile) *webhook.Handler {
	e, err := engine.New(engine.Options{Config: input.DefaultConfig()}, policies.Files)
	must(t, err)
	r, err := review.New(review.Options{Engine: e, Inventory: inventory})
	must(t, err)
	return handler(t, r, profiles...)
}

// askRaw sends an admission as it comes over the wire.
func askRaw(t testing.TB, h http.Handler, path, op, user string, object, old any) *admissionv1.AdmissionResponse {
	t.Helper()
	req := map[string]any{"uid": "u", "operation": op, "namespace": ns, "userInfo": map[string]any{"username": user}, "object": object, "oldObject": old}
	raw, err := json.Marshal(map[string]any{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": req})
	must(t, err)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, path+"?timeout=5s", strings.NewReader(string(raw))))
	var out admissionv1.AdmissionReview
	must(t, json.Unmarshal(w.Body.Bytes(), &out))
	return out.Response
}

// What somebody wrote where a name belongs may be the secret itself.
func TestPasswordInPlaceOfAName(t *testing.T) {
	h := realHandler(t)
	device := map[string]any{"apiVersion": "namespaces.deviceregistry.microsoft.com/v1", "kind": "Device", "metadata": map[string]any{"name": "d", "namespace": ns},
		"spec": map[string]any{"endpoints": map[string]any{"inbound": map[string]any{"e": map[string]any{"endpointType": "Microsoft.OpcUa", "address": "opc.tcp://h:4840",
			"authentication": map[string]any{"method": "UsernamePassword", "usernamePasswordCredentials": map[string]any{"usernameSecretName": "s/u", "passwordSecretName": "Hunter2!MARKED"}}}}}}}
	r := askRaw(t, h, "/validate", "CREATE", "alice", device, nil)
	told := strings.Join(r.Warnings, "\n")
	if r.Result != nil {
		told += r.Result.Message
	}
	if !strings.Contains(told, "U-02") || strings.Contains(told, "MARKED") {
		t.Errorf("told: %s", told)
	}
}

// A Secret does not leave the guard by losing its label.
func TestLosingTheLabel(t *testing.T) {
	open(t, setup{})
	alice, seen := as(t, "alice")
	s := secret("plc-list", map[string][]byte{"a.der": machine(t, "a", certtest.Options{}).DER})
	s.Labels = map[string]string{"storewarden.io/store": "opcua-trust"}
	must(t, alice.Create(t.Context(), s))
	s.Labels = nil
	s.Data["b.der"] = expired(t, "b")
	err := alice.Update(t.Context(), s)
	if err == nil {
		t.Errorf("an expired certificate is let into a trust list without a word (warned %v), since the label goes in the same change", seen.texts)
	}
}

// What a SecretSync brings into a store that is known by its Secret's label alone is judged
// as that store's: a private key has no place in a trust list.
func TestSyncIntoALabelledStore(t *testing.T) {
	d := open(t, setup{index: true})
	d.seed(t)
	alice, _ := as(t, "alice")
	list := secret("plc-list", map[string][]byte{"a.der": machine(t, "a", certtest.Options{}).DER})
	list.Labels = map[string]string{store.StoreLabel: string(store.RoleTrust), store.SyncLabel: ""}
	must(t, alice.Create(t.Context(), list))
	must(t, alice.Create(t.Context(), object(t, scene.Class("spc", scene.Entry("opcuabroker-der")+scene.Entry("opcuabroker-pem")))))
	err := alice.Create(t.Context(), object(t, scene.Sync("plc-list", "spc", "      - {sourcePath: opcuabroker-pem, targetKey: opcuabroker.pem}\n")))
	if codes := denied(t, err); !slices.Contains(codes, "SS-17") {
		t.Errorf("a private key goes into a trust list: %v", codes)
	}
	must(t, alice.Create(t.Context(), object(t, scene.Sync("plc-list", "spc", "      - {sourcePath: opcuabroker-der, targetKey: opcuabroker.der}\n"))))
}
