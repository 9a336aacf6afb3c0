package main

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/yaml"

	"github.com/storewarden/storewarden/cmd/internal/config"
	"github.com/storewarden/storewarden/manifests"
	"github.com/storewarden/storewarden/test/apiserver"
	"github.com/storewarden/storewarden/test/certtest"
	"github.com/storewarden/storewarden/webhook/serving"
)

// base are the objects of the base, in the order in which it lists its files.
func base(t *testing.T) []*unstructured.Unstructured {
	t.Helper()
	read := func(name string) []byte {
		raw, err := manifests.Files.ReadFile("base/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	var k struct{ Resources []string }
	if err := yaml.Unmarshal(read("kustomization.yaml"), &k); err != nil {
		t.Fatal(err)
	}
	var out []*unstructured.Unstructured
	for _, file := range k.Resources {
		for doc := range strings.SplitSeq(string(read(file)), "\n---\n") {
			u := &unstructured.Unstructured{}
			if err := yaml.Unmarshal([]byte(doc), &u.Object); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			if u.GetKind() != "" {
				out = append(out, u)
			}
		}
	}
	return out
}

type said struct{ texts []string }

func (s *said) HandleWarningHeader(_ int, _ string, text string) { s.texts = append(s.texts, text) }

// The base is taken by the real API server with strict validation and without a warning,
// of restricted Pod Security too; its configuration is one; and the webhook, as its own
// account and with the rights of the base alone, keeps its certificate, registers itself,
// judges and tells, and is forbidden nothing.
func TestInstall(t *testing.T) {
	ctrllog.SetLogger(logr.Discard())
	audit := filepath.Join(t.TempDir(), "audit.log")
	s := newSiteOf(t, apiserver.Options{CRDs: true, AuditLog: audit})
	admin := rest.CopyConfig(s.srv.Config)
	warned := &said{}
	admin.WarningHandler = warned
	cl, err := client.New(admin, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range base(t) {
		c := client.WithFieldValidation(cl, metav1.FieldValidationStrict)
		if err := c.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(o), client.FieldOwner("kubectl"), client.ForceOwnership); err != nil {
			t.Errorf("%s %s: %v", o.GetKind(), o.GetName(), err)
		}
		if o.GetKind() == "ConfigMap" {
			s.configured(o)
		}
	}
	if len(warned.texts) > 0 {
		t.Errorf("the API server warns: %v", warned.texts)
	}
	const account = "system:serviceaccount:storewarden:storewarden-webhook"
	user, err := s.srv.User(account, "system:serviceaccounts", "system:serviceaccounts:storewarden")
	if err != nil {
		t.Fatal(err)
	}
	own, err := client.New(user, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.registersItself(own)

	r := (&site{t: t, srv: &apiserver.Server{Kubeconfig: kubeconfig(t, user), Config: s.srv.Config, Client: s.srv.Client}, kv: s.kv, bin: s.bin, config: s.config}).replica(newService(t), webhookCA(t, "ca"))
	defer func() { _ = r.cmd.Process.Kill() }()
	bad := s.trustList(certtest.Options{NotBefore: time.Now().AddDate(-2, 0, 0), NotAfter: time.Now().AddDate(-1, 0, 0)})
	s.await("a bad list is refused", func() bool {
		return apierrors.IsForbidden(s.person("ana").Create(t.Context(), bad.DeepCopy(), client.DryRunAll))
	})

	for _, line := range forbidden(t, audit, account) {
		t.Errorf("the webhook's account was forbidden %s", line)
	}
}

// configured checks that the installation's configuration is one.
func (s *site) configured(o *unstructured.Unstructured) {
	s.t.Helper()
	text, _, _ := unstructured.NestedString(o.Object, "data", "config.yaml")
	path := filepath.Join(s.t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	c, err := config.Load(path, func(string) string { return "" })
	if err != nil {
		s.t.Error(err)
	}
	if c.Webhook.SelfSigned != "storewarden/storewarden-webhook-tls" || registration(c).Client.Service.Name != "storewarden-webhook" {
		s.t.Errorf("configured as %+v", c.Webhook)
	}
}

// registersItself has the account keep a certificate and register a Service, and takes
// that away again: no Service is reached here.
func (s *site) registersItself(own client.Client) {
	s.t.Helper()
	c := config.Default()
	c.Webhook.SelfSigned, c.Webhook.Register.Service, c.Webhook.Register.Owner = "storewarden/storewarden-webhook-tls", "storewarden/storewarden-webhook", "storewarden-webhook"
	k := newKeys(c, own, nil)
	first, err := k.Source.Pair(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	if second, err := k.Source.Pair(s.t.Context()); err != nil || second.Thumbprint() != first.Thumbprint() {
		s.t.Errorf("a second look: %v", err)
	}
	if err := k.Trust(s.t.Context(), first); err != serving.ErrNoEndpoint { //nolint:errorlint // it is returned as it is
		s.t.Errorf("without an endpoint: %v", err)
	}
	if err := s.srv.Client.Create(s.t.Context(), &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Namespace: "storewarden", Name: "w",
		Labels: map[string]string{discoveryv1.LabelServiceName: "storewarden-webhook"}}, AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints: []discoveryv1.Endpoint{{Addresses: []string{"10.1.2.3"}, Conditions: discoveryv1.EndpointConditions{Ready: new(true)}}}}); err != nil {
		s.t.Fatal(err)
	}
	for range 2 {
		if err := k.Trust(s.t.Context(), first); err != nil {
			s.t.Error(err)
		}
	}
	for _, o := range []client.Object{&admissionregistrationv1.ValidatingWebhookConfiguration{}, &admissionregistrationv1.MutatingWebhookConfiguration{}} {
		if err := s.srv.Client.DeleteAllOf(s.t.Context(), o); err != nil {
			s.t.Fatal(err)
		}
	}
}

// kubeconfig writes what a user connects with into a file.
func kubeconfig(t *testing.T, cfg *rest.Config) string {
	t.Helper()
	c := clientcmdapi.NewConfig()
	c.Clusters["x"] = &clientcmdapi.Cluster{Server: cfg.Host, CertificateAuthorityData: cfg.CAData}
	c.AuthInfos["x"] = &clientcmdapi.AuthInfo{ClientCertificateData: cfg.CertData, ClientKeyData: cfg.KeyData}
	c.Contexts["x"] = &clientcmdapi.Context{Cluster: "x", AuthInfo: "x"}
	c.CurrentContext = "x"
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*c, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// forbidden lists what the API server's audit log says a user was refused for lack of a
// right.
func forbidden(t *testing.T, audit, user string) []string {
	t.Helper()
	f, err := os.Open(audit)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []string
	seen := false
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e struct {
			User           struct{ Username string }
			Verb           string
			RequestURI     string
			ResponseStatus struct{ Code int }
		}
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		seen = seen || e.User.Username == user
		if e.User.Username == user && e.ResponseStatus.Code == 403 {
			out = append(out, e.Verb+" "+e.RequestURI)
		}
	}
	if !seen {
		t.Error("the audit log does not know the account")
	}
	return out
}
