package apiserver_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/test/apiserver"
)

var (
	srv      *apiserver.Server
	auditLog string
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "storewarden-audit-")
	if err != nil {
		panic(err)
	}
	auditLog = filepath.Join(dir, "audit.log")
	code := apiserver.Main(m, &srv, apiserver.Options{CRDs: true, AuditLog: auditLog})
	os.RemoveAll(dir)
	os.Exit(code)
}

func TestServesOnLoopbackOnly(t *testing.T) {
	u, err := url.Parse(srv.Config.Host)
	if err != nil {
		t.Fatal(err)
	}
	if host := u.Hostname(); host != "127.0.0.1" && host != "::1" {
		t.Errorf("server listens on %s", host)
	}
	var ns corev1.Namespace
	if err := srv.Client.Get(t.Context(), client.ObjectKey{Name: apiserver.StoreNamespace}, &ns); err != nil {
		t.Errorf("the stores' namespace: %v", err)
	}
}

func TestNamespacesAreSeparate(t *testing.T) {
	a, b := srv.Namespace(t), srv.Namespace(t)
	if a == b {
		t.Errorf("two calls returned %s", a)
	}
}

func TestUserHasItsOwnNameGroupsAndNoRights(t *testing.T) {
	cfg, err := srv.User("erin", "plant-operators")
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(cfg, client.Options{Mapper: srv.Client.RESTMapper()})
	if err != nil {
		t.Fatal(err)
	}
	var review authenticationv1.SelfSubjectReview
	if err := c.Create(t.Context(), &review); err != nil {
		t.Fatal(err)
	}
	got := review.Status.UserInfo
	if got.Username != "erin" || !cmp.Equal(got.Groups, []string{"plant-operators", "system:authenticated"}) {
		t.Errorf("the server sees user %q in groups %q", got.Username, got.Groups)
	}
	if err := c.List(t.Context(), &corev1.SecretList{}, client.InNamespace(apiserver.StoreNamespace)); !apierrors.IsForbidden(err) {
		t.Errorf("list Secrets as a user without rights: %v, want Forbidden", err)
	}
}

func TestKubectl(t *testing.T) {
	ns := srv.Namespace(t)
	const manifest = `{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "from-stdin"}}`
	tests := map[string]struct {
		stdin string
		args  []string
		want  apiserver.Output
	}{
		"admin": {
			args: []string{"auth", "can-i", "delete", "secrets"},
			want: apiserver.Output{Stdout: "yes\n"},
		},
		"other user": {
			args: []string{"auth", "can-i", "delete", "secrets", "--as=erin", "--as-group=plant-operators"},
			want: apiserver.Output{Stdout: "no\n", Code: 1},
		},
		"standard input": {
			stdin: manifest,
			args:  []string{"apply", "-f", "-"},
			want:  apiserver.Output{Stdout: "configmap/from-stdin created\n"},
		},
		"denied": {
			args: []string{"get", "secrets", "--as=erin"},
			want: apiserver.Output{
				Stderr: `Error from server (Forbidden): secrets is forbidden: User "erin" cannot list resource "secrets" in API group "" in the namespace "` + ns + "\"\n",
				Code:   1,
			},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := srv.KubectlInput(t.Context(), tc.stdin, append(tc.args, "-n", ns)...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("kubectl %q (-want +got):\n%s", tc.args, diff)
			}
		})
	}
}

func TestKubectlIgnoresThePersonsFiles(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	t.Setenv("HOME", t.TempDir())
	out, err := srv.Kubectl(t.Context(), "config", "view", "-o", "jsonpath={.clusters[0].cluster.server}")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSuffix(out.Stdout, "/"); got != strings.TrimSuffix(srv.Config.Host, "/") {
		t.Errorf("kubectl talks to %q, the server is %q", got, srv.Config.Host)
	}
}

func TestKubectlCancelledIsAnError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := srv.Kubectl(ctx, "version"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

// The server must reach a webhook of this process, with and without kubectl, and hand its words to the user.
func TestWebhooksAreCalled(t *testing.T) {
	ns := srv.Namespace(t)
	hook := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var review struct {
			Request struct {
				UID string `json:"uid"`
			} `json:"request"`
		}
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": {"uid": "`+review.Request.UID+
			`", "allowed": false, "status": {"code": 403, "reason": "Forbidden", "message": "refused on purpose"}}}`)
	}))
	t.Cleanup(hook.Close)
	cfg := webhookFor(ns, hook)
	if err := srv.Client.Create(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := srv.Client.Delete(context.Background(), cfg); err != nil {
			t.Error(err)
		}
	})
	spc := secretProviderClass(ns, map[string]any{"provider": "azure"})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var err error
	for err == nil { // a new configuration takes the server a moment
		err = srv.Client.Create(ctx, spc.DeepCopy(), client.DryRunAll)
	}
	if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "refused on purpose") {
		t.Errorf("create gave %v, want the webhook's refusal", err)
	}
}

func webhookFor(ns string, hook *httptest.Server) *admissionregistrationv1.ValidatingWebhookConfiguration {
	none, fail := admissionregistrationv1.SideEffectClassNone, admissionregistrationv1.Fail
	return &admissionregistrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: ns},
		Webhooks: []admissionregistrationv1.ValidatingWebhook{{
			Name: "refuse.storewarden.io",
			ClientConfig: admissionregistrationv1.WebhookClientConfig{
				URL: &hook.URL, CABundle: pemOf(hook.Certificate().Raw),
			},
			Rules: []admissionregistrationv1.RuleWithOperations{{
				Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
				Rule: admissionregistrationv1.Rule{
					APIGroups: []string{"secrets-store.csi.x-k8s.io"}, APIVersions: []string{"v1"}, Resources: []string{"secretproviderclasses"},
				},
			}},
			NamespaceSelector:       &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: ns}},
			FailurePolicy:           &fail,
			SideEffects:             &none,
			AdmissionReviewVersions: []string{"v1"},
		}},
	}
}

func TestAuditLogHasTheRequestAndNoBody(t *testing.T) {
	ns := srv.Namespace(t)
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "audited", Namespace: ns},
		StringData: map[string]string{"password": "marked-value-in-audit"},
	}
	if err := srv.Client.Create(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(auditLog)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	type object struct{ Resource, Namespace, Name string }
	type event struct {
		Verb, Level string
		User        struct{ Username string }
		ObjectRef   object
	}
	found := false
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if strings.Contains(lines.Text(), "marked-value-in-audit") || strings.Contains(lines.Text(), "requestObject") {
			t.Error("the audit log holds a body")
		}
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		found = found || e.Verb == "create" && e.User.Username == "admin" && e.ObjectRef.Resource == "secrets" && e.ObjectRef.Namespace == ns
	}
	if !found {
		t.Error("the audit log does not show the create")
	}
}

func secretProviderClass(ns string, spec map[string]any) *unstructured.Unstructured {
	return object("secrets-store.csi.x-k8s.io/v1", "SecretProviderClass", ns, spec)
}

func object(apiVersion, kind, ns string, spec map[string]any) *unstructured.Unstructured {
	o := &unstructured.Unstructured{Object: map[string]any{"spec": runtime.DeepCopyJSON(spec)}}
	o.SetAPIVersion(apiVersion)
	o.SetKind(kind)
	o.SetNamespace(ns)
	o.SetGenerateName("test-")
	return o
}
