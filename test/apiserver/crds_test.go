package apiserver_test

import (
	"encoding/pem"
	"fmt"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func pemOf(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func secretSync(ns string, spec map[string]any) *unstructured.Unstructured {
	return object("secret-sync.x-k8s.io/v1alpha1", "SecretSync", ns, spec)
}

func entry(sourcePath, targetKey string) map[string]any {
	return map[string]any{"sourcePath": sourcePath, "targetKey": targetKey}
}

// syncSpec returns a valid spec, altered by with.
func syncSpec(with func(spec, secretObject map[string]any)) map[string]any {
	secretObject := map[string]any{"data": []any{entry("my-server-der", "my-server.der")}}
	spec := map[string]any{"secretProviderClassName": "spc-ops-4f74e85", "serviceAccountName": "aio-ssc-sa", "secretObject": secretObject}
	with(spec, secretObject)
	return spec
}

// What the upstream definition was seen to accept and to refuse; ours must not differ, or tests prove nothing.
func TestSecretSyncKeys(t *testing.T) {
	ns := srv.Namespace(t)
	accepted := []string{
		"my-server.der", "my_server.der", "ab.der", "ca.crt", "opcplc-000000.crt", ".der", "x", "my-cert/0", strings.Repeat("a", 253),
	}
	rejected := []string{
		"a.der", "a_b.der", "Server [0AFB].der", "my..der", "server.-x.der", "my-cert/tls.crt", "Ä.der", "", strings.Repeat("a", 254),
	}
	judge := func(t *testing.T, name string, accept bool) {
		for field, e := range map[string]map[string]any{"sourcePath": entry(name, "ok"), "targetKey": entry("ok", name)} {
			spec := syncSpec(func(_, secretObject map[string]any) { secretObject["data"] = []any{e} })
			err := srv.Client.Create(t.Context(), secretSync(ns, spec), client.DryRunAll)
			if accept && err != nil {
				t.Errorf("%s %q refused: %v", field, name, err)
			}
			if !accept && !(apierrors.IsInvalid(err) && strings.Contains(err.Error(), "data[0]."+field)) {
				t.Errorf("%s %q: got %v, want Invalid at that field", field, name, err)
			}
		}
	}
	for _, name := range accepted {
		t.Run(fmt.Sprintf("accepts %.20q", name), func(t *testing.T) { judge(t, name, true) })
	}
	for _, name := range rejected {
		t.Run(fmt.Sprintf("rejects %.20q", name), func(t *testing.T) { judge(t, name, false) })
	}
}

func TestSecretSyncSchema(t *testing.T) {
	ns := srv.Namespace(t)
	reserved := map[string]any{"secrets-store.sync.x-k8s.io/x": "y"}
	tests := map[string]struct {
		with func(spec, secretObject map[string]any)
		want string // part of the refusal, empty if accepted
	}{
		"valid":                    {func(_, _ map[string]any) {}, ""},
		"no data":                  {func(_, o map[string]any) { delete(o, "data") }, "spec.secretObject.data: Required"},
		"empty data":               {func(_, o map[string]any) { o["data"] = []any{} }, "should have at least 1 items"},
		"same targetKey twice":     {func(_, o map[string]any) { o["data"] = []any{entry("aa", "k"), entry("bb", "k")} }, "Duplicate value"},
		"same sourcePath twice":    {func(_, o map[string]any) { o["data"] = []any{entry("aa", "k1"), entry("aa", "k2")} }, ""},
		"SPC name not DNS-1123":    {func(s, _ map[string]any) { s["secretProviderClassName"] = "SPC_ops" }, "spec.secretProviderClassName"},
		"SPC name with dots":       {func(s, _ map[string]any) { s["secretProviderClassName"] = "spc.ops" }, ""},
		"account not DNS-1123":     {func(s, _ map[string]any) { s["serviceAccountName"] = "aio/ssc" }, "spec.serviceAccountName"},
		"no account":               {func(s, _ map[string]any) { delete(s, "serviceAccountName") }, "spec.serviceAccountName: Required"},
		"force, one character":     {func(s, _ map[string]any) { s["forceSynchronization"] = "1" }, ""},
		"force, leading dash":      {func(s, _ map[string]any) { s["forceSynchronization"] = "-1" }, "spec.forceSynchronization"},
		"reserved label key":       {func(_, o map[string]any) { o["labels"] = reserved }, "label keys must not start with"},
		"reserved annotation key":  {func(_, o map[string]any) { o["annotations"] = reserved }, "annotation keys must not start with"},
		"other label key":          {func(_, o map[string]any) { o["labels"] = map[string]any{"team": "plant"} }, ""},
		"labels as a list (SS-35)": {func(_, o map[string]any) { o["labels"] = []any{"team"} }, "spec.secretObject.labels"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			err := srv.Client.Create(t.Context(), secretSync(ns, syncSpec(tc.with)), client.DryRunAll)
			if tc.want == "" && err != nil {
				t.Errorf("refused: %v", err)
			}
			if tc.want != "" && !(apierrors.IsInvalid(err) && strings.Contains(err.Error(), tc.want)) {
				t.Errorf("got %v, want Invalid with %q", err, tc.want)
			}
		})
	}
}

func TestSecretSyncDefaultsAndStatus(t *testing.T) {
	o := secretSync(srv.Namespace(t), syncSpec(func(_, _ map[string]any) {}))
	if err := srv.Client.Create(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if got, _, _ := unstructured.NestedString(o.Object, "spec", "secretObject", "type"); got != "Opaque" {
		t.Errorf("default type is %q", got)
	}
	set := func(value string, fields ...string) {
		if err := unstructured.SetNestedField(o.Object, value, fields...); err != nil {
			t.Fatal(err)
		}
	}
	set("abc", "status", "syncHash")
	set("other", "spec", "secretProviderClassName")
	if err := srv.Client.Status().Update(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if got, _, _ := unstructured.NestedString(o.Object, "status", "syncHash"); got != "abc" {
		t.Errorf("status.syncHash is %q", got)
	}
	if got, _, _ := unstructured.NestedString(o.Object, "spec", "secretProviderClassName"); got != "spc-ops-4f74e85" {
		t.Errorf("a status update changed the spec: %q", got)
	}
}

func TestSecretProviderClassSchema(t *testing.T) {
	ns := srv.Namespace(t)
	tests := map[string]struct {
		spec map[string]any
		want string
	}{
		"default shape": {map[string]any{"provider": "azure", "parameters": map[string]any{"keyvaultName": "my-aio-kv", "objects": "array:\n"}}, ""},
		"wrong provider is not the schema's business": {map[string]any{"provider": "Azure"}, ""},
		"no parameters":         {map[string]any{"provider": "azure"}, ""},
		"empty spec":            {map[string]any{}, ""},
		"a boolean parameter":   {map[string]any{"parameters": map[string]any{"usePodIdentity": false}}, "spec.parameters.usePodIdentity"},
		"objects as a list":     {map[string]any{"parameters": map[string]any{"objects": []any{"x"}}}, "spec.parameters.objects"},
		"secretObjects":         {map[string]any{"secretObjects": []any{map[string]any{"secretName": "s", "type": "Opaque", "data": []any{map[string]any{"objectName": "o", "key": "k"}}}}}, ""},
		"secretObjects as text": {map[string]any{"secretObjects": "array:"}, "spec.secretObjects"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			err := srv.Client.Create(t.Context(), secretProviderClass(ns, tc.spec), client.DryRunAll)
			if tc.want == "" && err != nil {
				t.Errorf("refused: %v", err)
			}
			if tc.want != "" && !(apierrors.IsInvalid(err) && strings.Contains(err.Error(), tc.want)) {
				t.Errorf("got %v, want Invalid with %q", err, tc.want)
			}
		})
	}
}
