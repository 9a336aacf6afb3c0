package rights_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/storewarden/storewarden/manifests/rights"
)

var update = flag.Bool("update", false, "write the manifests and the table anew")

const made = "# Made from package manifests/rights: go test ./manifests/rights -update\n" +
	"# For other namespaces, or stores of other names, make the lists longer.\n"

// chart is a template of the chart, for where the condition holds.
func chart(condition, text string) string {
	return "{{- /* Made from package manifests/rights: go test ./manifests/rights -update */ -}}\n" +
		"{{- if " + condition + " }}\n" + text + "{{- end }}\n"
}

// What is installed and what is reviewed are what the code says.
func TestMadeFromCode(t *testing.T) {
	account := func(p rights.Part) string {
		return "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: " + p.Account + "\n  namespace: " + rights.Namespace + "\n---\n"
	}
	// With Microsoft Entra Workload ID the account stands for a managed identity.
	chartAccount := func(p rights.Part) string {
		return strings.Replace(account(p), "---\n", `  {{- with .Values.workloadIdentity.clientId }}
  annotations:
    azure.workload.identity/client-id: {{ . | quote }}
  {{- end }}
`, 1)
	}
	web, cert, explain, sync := rights.Webhook(), rights.Certificate(), rights.Explain(), rights.Sync()
	for name, want := range map[string]string{
		"../base/webhook/rights.yaml":           made + account(web) + web.YAML(),
		"../base/sync/rights.yaml":              made + account(sync) + sync.YAML(),
		"../components/self-signed/rights.yaml": made + cert.YAML(),
		"../explain-verdicts.yaml": made + "# For webhook.debug alone: the webhook then explains a verdict to whom the API server knows, and\n" +
			"# who may get both /debug/verdict and the object.\n" + explain.YAML(),
		"../chart/templates/webhook-rights.yaml": chart(".Values.webhook.enabled", chartAccount(web)+web.Helm()),
		"../chart/templates/sync-rights.yaml":    chart(".Values.sync.enabled", chartAccount(sync)+sync.Helm()),
		"../chart/templates/certificate-rights.yaml": chart(`and .Values.webhook.enabled (eq .Values.webhook.certificate "selfSigned")`,
			cert.Helm()),
		"../chart/templates/explain-rights.yaml": chart(`and .Values.webhook.enabled (ne (dig "webhook" "debug" "0" .Values.config) "0")`,
			explain.Helm()),
		"../RIGHTS.md": "# What Storewarden may do\n\nMade from package manifests/rights: `go test ./manifests/rights -update`. A test\n" +
			"(`go test ./cmd/storewarden -run Rights`) runs both parts as their service accounts on a real\n" +
			"API server, and fails for a right that is missing and for one that is not used.\n\n" +
			"No part lists or watches Secrets of a namespace, reads a Secret that is not named here, or\n" +
			"deletes anything but its own reports. `manifests/vault-as-serviceaccount.yaml` is an addition for\n" +
			"`vault.identity: serviceaccount`, with its price.\n\n" +
			"What refers to a Secret of another name is judged without it, and says so, until that Secret is\n" +
			"named here and in `stores` of the configuration.\n\n" +
			"## The webhook (`" + web.Account + "`)\n\n" + web.Table() +
			"\nWhere it makes its serving certificate itself (`manifests/components/self-signed`):\n\n" + cert.Table() +
			"\nWhere it explains verdicts (`webhook.debug`, `manifests/explain-verdicts.yaml`):\n\n" + explain.Table() +
			"\n## The sync loop (`" + sync.Account + "`)\n\n" + sync.Table(),
	} {
		if *update {
			if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("%s has drifted: go test ./manifests/rights -update", name)
		}
	}
}
