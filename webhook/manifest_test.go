package webhook_test

import (
	"bytes"
	"flag"
	"os"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"sigs.k8s.io/yaml"

	"github.com/storewarden/storewarden/webhook"
)

var update = flag.Bool("update", false, "write the manifests anew")

// The manifests are made from the code that the tests on the API server use.
func TestManifestsAreMadeFromCode(t *testing.T) {
	reg := webhook.Registration{Inventory: inventory, Profiles: defaults, Timeout: 5 * time.Second,
		Client: admissionregistrationv1.WebhookClientConfig{Service: &admissionregistrationv1.ServiceReference{
			Namespace: "storewarden", Name: "storewarden-webhook"}}}
	policy, binding := webhook.Trace(inventory)
	for file, objects := range map[string][]any{"webhook.yaml": {reg.Validating(), reg.Mutating()}, "break-glass.yaml": {policy, binding}} {
		var want bytes.Buffer
		want.WriteString("# Made from package webhook: go test ./webhook -run Manifests -update\n")
		for _, o := range objects {
			raw, err := yaml.Marshal(o)
			must(t, err)
			want.WriteString("---\n")
			want.Write(raw)
		}
		name := "../manifests/static/" + file
		if *update {
			must(t, os.MkdirAll("../manifests/static", 0o755))
			must(t, os.WriteFile(name, want.Bytes(), 0o644))
		}
		got, err := os.ReadFile(name)
		must(t, err)
		if !bytes.Equal(got, want.Bytes()) {
			t.Errorf("%s has drifted: go test ./webhook -run Manifests -update", name)
		}
	}
}
