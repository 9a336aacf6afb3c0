package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/storewarden/storewarden/cmd/internal/config"
	"github.com/storewarden/storewarden/manifests/rights"
	"github.com/storewarden/storewarden/test/apiserver"
	"github.com/storewarden/storewarden/test/certtest"
)

// overlays are the installations that there are.
func overlays(t *testing.T) []string {
	t.Helper()
	all, err := os.ReadDir("../../manifests/overlays")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, o := range all {
		names = append(names, o.Name())
	}
	return names
}

// rendered are the objects of an overlay, in the order in which kubectl applies them.
func rendered(t *testing.T, overlay string) []*unstructured.Unstructured {
	t.Helper()
	bin, err := apiserver.Binaries(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), filepath.Join(bin, "kubectl"), "kustomize", "../../manifests/overlays/"+overlay)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("%s: %v\n%s", overlay, err, stderr.String())
	}
	var objects []*unstructured.Unstructured
	for doc := range strings.SplitSeq(string(out), "\n---\n") {
		objects = append(objects, read(t, doc))
	}
	return objects
}

// said are the warnings of an API server.
type said struct{ texts []string }

func (s *said) HandleWarningHeader(_ int, _ string, text string) { s.texts = append(s.texts, text) }

// applier applies as kubectl apply --server-side does, with strict validation.
func applier(t *testing.T, cfg *rest.Config) (apply func(*unstructured.Unstructured) error, warned *said) {
	t.Helper()
	cfg, warned = rest.CopyConfig(cfg), &said{}
	cfg.WarningHandler = warned
	cl, err := client.New(cfg, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	cl = client.WithFieldValidation(cl, metav1.FieldValidationStrict)
	return func(o *unstructured.Unstructured) error {
		return cl.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(o), client.FieldOwner("kubectl"), client.ForceOwnership)
	}, warned
}

// Every overlay is taken by the real API server with strict validation and without a
// warning, of restricted Pod Security too; it is whole; its configuration is one, and
// another configuration makes other pods.
func TestInstall(t *testing.T) {
	ctrllog.SetLogger(logr.Discard())
	srv, err := apiserver.Start(t.Context(), apiserver.Options{CRDs: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = srv.Stop() }()
	apply, warned := applier(t, srv.Config)
	for _, overlay := range overlays(t) {
		t.Run(overlay, func(t *testing.T) {
			objects := rendered(t, overlay)
			for _, o := range objects {
				if err := apply(o.DeepCopy()); err != nil {
					t.Errorf("%s %s: %v", o.GetKind(), o.GetName(), err)
				}
			}
			whole(t, objects)
			if len(warned.texts) > 0 {
				t.Errorf("the API server warns: %v", warned.texts)
			}
			warned.texts = nil
		})
	}
	for _, o := range rendered(t, "default") { // that restricted pods are demanded shows in one that is not
		if o.GetKind() == "Deployment" {
			if err := unstructured.SetNestedField(o.Object, true, "spec", "template", "spec", "hostNetwork"); err != nil {
				t.Fatal(err)
			}
			if err := apply(o); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(warned.texts) != 2 || !strings.Contains(warned.texts[0], "hostNetwork") {
		t.Errorf("pods that are not restricted: %v", warned.texts)
	}
}

// whole checks that what objects of an installation name is in it.
func whole(t *testing.T, objects []*unstructured.Unstructured) {
	t.Helper()
	has := map[string]*unstructured.Unstructured{}
	for _, o := range objects {
		has[o.GetKind()+"/"+o.GetName()] = o
	}
	text := func(o *unstructured.Unstructured, path ...string) string {
		s, _, _ := unstructured.NestedString(o.Object, path...)
		return s
	}
	parts := 0
	for name, o := range has {
		switch o.GetKind() {
		case "Deployment":
			parts++
			spec, _, _ := unstructured.NestedMap(o.Object, "spec", "template", "spec")
			pod := &unstructured.Unstructured{Object: spec}
			for _, want := range []string{"ServiceAccount/" + text(pod, "serviceAccountName"), "PriorityClass/" + text(pod, "priorityClassName")} {
				if has[want] == nil {
					t.Errorf("%s names %s, which is not there", name, want)
				}
			}
			volumes, _, _ := unstructured.NestedSlice(spec, "volumes")
			for _, v := range volumes {
				volume := &unstructured.Unstructured{Object: v.(map[string]any)}
				if cm := text(volume, "configMap", "name"); cm != "" && (has["ConfigMap/"+cm] == nil || cm == "storewarden-config") {
					t.Errorf("%s names ConfigMap %s, which is not there or does not change its name with its content", name, cm)
				}
			}
		case "RoleBinding", "ClusterRoleBinding":
			if want := text(o, "roleRef", "kind") + "/" + text(o, "roleRef", "name"); has[want] == nil {
				t.Errorf("%s names %s, which is not there", name, want)
			}
		case "ConfigMap":
			configured(t, o, has)
		}
	}
	if parts == 0 {
		t.Error("it runs nothing")
	}
}

// configured checks that an installation's configuration is one, and that what it names
// is there.
func configured(t *testing.T, o *unstructured.Unstructured, has map[string]*unstructured.Unstructured) {
	t.Helper()
	text, _, _ := unstructured.NestedString(o.Object, "data", "config.yaml")
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(path, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	_, webhook := has["Deployment/storewarden-webhook"]
	_, renews := has["Role/storewarden-webhook-certificate"]
	_, issued := has["Certificate/storewarden-webhook"]
	if reg := registration(c).Client.Service; webhook != (reg != nil && has["Service/"+reg.Name] != nil && has["ClusterRole/"+c.Webhook.Register.Owner] != nil) {
		t.Errorf("the webhook runs: %t; it registers %+v, of %q", webhook, reg, c.Webhook.Register.Owner)
	}
	if webhook && (renews != (c.Webhook.SelfSigned != "") || renews == issued) {
		t.Errorf("its certificate: of its own %q, with the right %t; of cert-manager %t", c.Webhook.SelfSigned, renews, issued)
	}
	if _, sync := has["Deployment/storewarden-sync"]; !sync && c.Rounds.In != config.RoundsInWebhook {
		t.Errorf("rounds are made in %s, which does not run", c.Rounds.In)
	}
}

// A cluster holds bad stores already when Storewarden comes: nothing that is not guarded is
// affected, what is bad can be changed where it is not, or for the better, and not for the
// worse.
func TestInstallOverBadStores(t *testing.T) {
	s := newSite(t)
	ctx, ana := t.Context(), s.person("ana")
	list, other := s.trustList(ended()), s.trustList(ended())
	other.Name = "unrelated"
	for _, o := range []*corev1.Secret{list, other} {
		if err := ana.Create(ctx, o); err != nil {
			t.Fatal(err)
		}
	}
	s.replica(newService(t), webhookCA(t, "ca"))
	fresh := s.trustList(ended())
	s.await("a bad list is refused", func() bool { return apierrors.IsForbidden(ana.Create(ctx, fresh.DeepCopy(), client.DryRunAll)) })
	update := func(o *corev1.Secret, change func(*corev1.Secret)) error {
		live := &corev1.Secret{}
		if err := s.srv.Client.Get(ctx, client.ObjectKeyFromObject(o), live); err != nil {
			return err
		}
		change(live)
		return ana.Update(ctx, live)
	}
	good := s.trustList(certtest.Options{})
	for what, tc := range map[string]struct {
		of      *corev1.Secret
		change  func(*corev1.Secret)
		refused bool
	}{
		"another Secret, as bad":   {other, func(o *corev1.Secret) { o.Data["n.der"] = o.Data["m.der"] }, false},
		"a label on the bad list":  {list, func(o *corev1.Secret) { o.Labels = map[string]string{"a": "b"} }, false},
		"a good entry beside it":   {list, func(o *corev1.Secret) { o.Data["good.der"] = good.Data["m.der"] }, false},
		"another bad one":          {list, func(o *corev1.Secret) { o.Data["worse.der"] = fresh.Data["m.der"] }, true},
		"the bad one by a bad one": {list, func(o *corev1.Secret) { o.Data["m.der"] = fresh.Data["m.der"][1:] }, true},
	} {
		if err := update(tc.of, tc.change); apierrors.IsForbidden(err) != tc.refused || err != nil && !tc.refused {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := update(list, func(o *corev1.Secret) { o.Data = good.Data }); err != nil {
		t.Errorf("the bad one by a good one: %v", err)
	}
	pods := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: apiserver.StoreNamespace, Name: "c"}}
	if err := ana.Create(ctx, pods); err != nil {
		t.Errorf("a ConfigMap: %v", err)
	}
}

// ended are the options of a certificate that has.
func ended() certtest.Options {
	return certtest.Options{NotBefore: time.Now().AddDate(-2, 0, 0), NotAfter: time.Now().AddDate(-1, 0, 0)}
}

// With the rights that default leaves it, which keeps no certificate, and the background
// pass that webhook-only asks of it, the webhook is forbidden nothing.
func TestInstallWithLess(t *testing.T) {
	i := install(t)
	for _, o := range rendered(t, "self-signed") {
		if o.GetName() != "storewarden-webhook-certificate" {
			continue
		}
		if err := i.srv.Client.Delete(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	port, metrics, dir := freePort(t), freePort(t), t.TempDir()
	i.certify(dir, webhookCA(t, "ca"))
	i.as(rights.Webhook(), i.configuration(fmt.Sprintf(`{host: 127.0.0.1, port: %d, certDir: %s, health: "127.0.0.1:0", metrics: "127.0.0.1:%d", register: {url: "https://127.0.0.1:%d", owner: storewarden-webhook}}`,
		port, dir, metrics, port), "rounds: {in: webhook, reports: false}\n"), "serve", "--webhook")
	i.await("a round is over", func() bool {
		res, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/metrics", metrics))
		if err != nil {
			return false
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		return err == nil && strings.Contains(string(text), "\nstorewarden_round_last_timestamp_seconds ")
	})
	i.await("it is registered", func() bool { return i.trusted() != "" })
	done, forbidden := uses(t, i.audit, "system:serviceaccount:storewarden:storewarden-webhook")
	if len(done) == 0 || len(forbidden) > 0 {
		t.Errorf("of %d things it was forbidden %v", len(done), forbidden)
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
