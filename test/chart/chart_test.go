package chart_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
)

const (
	crd     = "apiextensions.k8s.io/v1/CustomResourceDefinition connectorstores.storewarden.io"
	webhook = "apps/v1/Deployment storewarden storewarden-webhook"
	sync    = "apps/v1/Deployment storewarden storewarden-sync"
	fence   = "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy storewarden-sync-fence"
)

// bare takes away what Helm alone needs: that an uninstall keeps an object, and what makes
// new pods for another configuration, for which kustomize gives it another name.
func bare(all objects) {
	drop := func(metadata any, annotation string) {
		m := metadata.(map[string]any)
		annotations, _ := m["annotations"].(map[string]any)
		if delete(annotations, annotation); len(annotations) == 0 {
			delete(m, "annotations")
		}
	}
	for key, o := range all {
		switch key {
		case crd:
			drop(o.at("metadata"), "helm.sh/resource-policy")
		case webhook, sync:
			drop(o.at("spec", "template", "metadata"), "checksum/config")
		}
	}
}

// With the values of an overlay the chart is the overlay, object by object.
func TestOverlays(t *testing.T) {
	for _, overlay := range overlays(t) {
		t.Run(overlay, func(t *testing.T) {
			want, got := applied(t, overlay), installed(t, values(t, overlay))
			bare(got)
			if diff := cmp.Diff(want.config(t), got.config(t)); diff != "" {
				t.Errorf("config.yaml (-overlay +chart):\n%s", diff)
			}
			for _, all := range []objects{want, got} { // compared as what it says, above
				delete(all["v1/ConfigMap storewarden storewarden-config"]["data"].(map[string]any), "config.yaml")
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-overlay +chart):\n%s", diff)
			}
		})
	}
	files, err := filepath.Glob(filepath.Join(manifests, "chart/ci/*.yaml"))
	if err != nil || len(files) != len(overlays(t)) {
		t.Errorf("values for %v, overlays %v, %v", files, overlays(t), err)
	}
}

// Helm's own linter has nothing to say but that the chart has no icon.
func TestLint(t *testing.T) {
	for _, overlay := range overlays(t) {
		read, err := chartutil.ReadValues([]byte(values(t, overlay)))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range lint.All(filepath.Join(manifests, "chart"), read, "storewarden", true).Messages {
			if m.Severity > support.InfoSev || !strings.Contains(m.Error(), "icon is recommended") {
				t.Errorf("%s: %v", overlay, m)
			}
		}
	}
}

// Another namespace, and a store of another name, are in every list that must have them.
func TestNamespaces(t *testing.T) {
	all := installed(t, "namespaces: [press, oven]\nconfig: {stores: [{namespace: oven, name: my-trust, role: tls-trust}]}")
	reserved := []any{"aio-opc-ua-broker-client-certificate", "aio-opc-ua-broker-issuer-list", "aio-opc-ua-broker-trust-list"}
	for namespace, want := range map[string][]any{"press": reserved, "oven": append(slices.Clone(reserved), "my-trust")} {
		for _, part := range []string{"storewarden-webhook", "storewarden-sync"} {
			role := all["rbac.authorization.k8s.io/v1/Role "+namespace+" "+part]
			rules, _ := role.at("rules").([]any)
			if i := slices.IndexFunc(rules, func(r any) bool { return cmp.Equal(object(r.(map[string]any)).at("resources"), []any{"secrets"}) }); i < 0 {
				t.Errorf("no rule on Secrets in %s for %s", namespace, part)
			} else if diff := cmp.Diff(want, object(rules[i].(map[string]any)).at("resourceNames")); diff != "" {
				t.Errorf("%s in %s (-want +got):\n%s", part, namespace, diff)
			}
			binding := all["rbac.authorization.k8s.io/v1/RoleBinding "+namespace+" "+part]
			if diff := cmp.Diff(map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": part}, binding.at("roleRef")); diff != "" {
				t.Errorf("binding of %s in %s (-want +got):\n%s", part, namespace, diff)
			}
		}
	}
	for key := range all {
		if strings.Contains(key, "azure-iot-operations") {
			t.Errorf("%s is in no namespace of the values", key)
		}
	}
	if diff := cmp.Diff([]any{"press", "oven"}, all.config(t)["namespaces"]); diff != "" {
		t.Errorf("namespaces of config.yaml (-want +got):\n%s", diff)
	}
	var stores any
	for _, v := range all[fence].at("spec", "variables").([]any) {
		if v := object(v.(map[string]any)); v["name"] == "stores" {
			stores = v["expression"]
		}
	}
	want := "['press/aio-opc-ua-broker-trust-list', 'press/aio-opc-ua-broker-issuer-list', 'press/aio-opc-ua-broker-client-certificate', " +
		"'oven/aio-opc-ua-broker-trust-list', 'oven/aio-opc-ua-broker-issuer-list', 'oven/aio-opc-ua-broker-client-certificate', 'oven/my-trust']"
	if stores != want {
		t.Errorf("the fence lets be written %v", stores)
	}
}

// What is set under config counts over what the chart writes, an empty value too; what
// stands beside it stays.
func TestConfig(t *testing.T) {
	got := installed(t, `
webhook: {autofix: true, timeoutSeconds: 7, failOpen: true}
config:
  severities: {KV-00: deny}
  vault: {kind: azure, allowed: {azure-iot-operations: [my-kv]}}
  webhook: {autofix: false, debug: "0", register: {owner: ""}}
  exceptions: [{code: X-01, reason: "replaced in May", until: 2027-05-31T00:00:00Z}]
`).config(t)
	want := object{
		"namespaces": []any{"azure-iot-operations"},
		"severities": map[string]any{"KV-00": "deny"},
		"vault":      map[string]any{"kind": "azure", "allowed": map[string]any{"azure-iot-operations": []any{"my-kv"}}},
		"webhook": map[string]any{"autofix": false, "debug": "0", "timeout": "7s", "selfSigned": "storewarden/storewarden-webhook-tls",
			"register": map[string]any{"service": "storewarden/storewarden-webhook", "owner": "", "failOpen": true}},
		"exceptions": []any{map[string]any{"code": "X-01", "reason": "replaced in May", "until": "2027-05-31T00:00:00Z"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("config.yaml (-want +got):\n%s", diff)
	}
	if got := installed(t, "webhook: {autofix: true}").config(t).at("webhook", "autofix"); got != true {
		t.Errorf("with webhook.autofix it is %v", got)
	}
}

// Another configuration makes other pods of both parts, and other values alone do not.
func TestRollout(t *testing.T) {
	sums := func(values string) [2]any {
		all := installed(t, values)
		var out [2]any
		for i, part := range []string{webhook, sync} {
			out[i] = all[part].at("spec", "template", "metadata", "annotations", "checksum/config")
		}
		return out
	}
	before, same, after := sums(""), sums("webhook: {replicas: 3}"), sums("config: {profile: strict}")
	if s, _ := before[0].(string); len(s) != 64 || before[1] != before[0] || same != before {
		t.Errorf("checksums %v, with more replicas %v", before, same)
	}
	if after[0] == before[0] || after[1] == before[1] {
		t.Errorf("another configuration has the checksums %v too", after)
	}
}

// What the values turn on and off, beside what the overlays show.
func TestValues(t *testing.T) {
	if got := installed(t, "")[crd].at("metadata", "annotations", "helm.sh/resource-policy"); got != "keep" {
		t.Errorf("an uninstall does with ConnectorStores: %v", got)
	}
	less := installed(t, "crds: {install: false}\nnetworkPolicy: {enabled: false}\npriorityClass: {create: false}")
	for _, key := range slices.Sorted(maps.Keys(less)) {
		for _, kind := range []string{"/CustomResourceDefinition ", "/NetworkPolicy ", "/PriorityClass ", "/Namespace "} {
			if strings.Contains(key, kind) {
				t.Errorf("%s is there", key)
			}
		}
	}
	if class := less[webhook].at("spec", "template", "spec", "priorityClassName"); class != nil {
		t.Errorf("pods of the class %v, which nobody makes", class)
	}
	const id = "01234567-89ab-cdef-0123-456789abcdef"
	more := installed(t, "workloadIdentity: {clientId: "+id+"}\nimage: {repository: r.example/sw, tag: v1, pullPolicy: Always, pullSecrets: [pull]}\nconfig: {webhook: {debug: '127.0.0.1:8443'}}")
	for _, part := range []string{webhook, sync} {
		pod := object(more[part].at("spec", "template").(map[string]any))
		container := pod.at("spec", "containers").([]any)[0].(map[string]any)
		if container["image"] != "r.example/sw:v1" || container["imagePullPolicy"] != "Always" || !cmp.Equal(pod.at("spec", "imagePullSecrets"), []any{map[string]any{"name": "pull"}}) {
			t.Errorf("%s has the image %v, %v, %v", part, container["image"], container["imagePullPolicy"], pod.at("spec", "imagePullSecrets"))
		}
		account := more["v1/ServiceAccount storewarden "+pod.at("spec", "serviceAccountName").(string)]
		if pod.at("metadata", "labels", "azure.workload.identity/use") != "true" || account.at("metadata", "annotations", "azure.workload.identity/client-id") != id {
			t.Errorf("%s is not the managed identity", part)
		}
	}
	explain := objects{}
	text, err := os.ReadFile(filepath.Join(manifests, "explain-verdicts.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	explain.add(t, string(text))
	for key, o := range explain { // where config.webhook.debug is set
		if diff := cmp.Diff(o, more[key]); diff != "" || less[key] != nil {
			t.Errorf("%s without explanations: %v; with them (-want +got):\n%s", key, less[key], diff)
		}
	}
}
