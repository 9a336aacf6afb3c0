package main

import (
	"bufio"
	"crypto/x509"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault/azure"
	"github.com/storewarden/storewarden/test/apiserver"
	"github.com/storewarden/storewarden/test/keyvault"
	"github.com/storewarden/storewarden/test/scene"
	"github.com/storewarden/storewarden/test/sse"
)

// passes is how many passes the sync loop has made, by its metrics.
func passes(address string) int {
	res, err := http.Get("http://" + address + "/metrics")
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	n := 0
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), "} "); ok && strings.HasPrefix(name, "storewarden_sync_passes_total{") {
			v, _ := strconv.ParseFloat(value, 64)
			n += int(v)
		}
	}
	return n
}

// The secret store extension's controller, whose vault has a certificate that expired, and
// our sync loop fill one trust list, past the webhook, all as the real processes that they
// are: the good entries of both arrive, the bad one keeps the value it had, and fifty
// rounds of both change nothing any more.
func TestThreeWriters(t *testing.T) {
	s := newSite(t)
	secrets, err := scene.Secrets(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for name, secret := range secrets {
		s.kv.Vault(scene.Vault).Set(name, secret)
	}
	class := scene.Class("spc", scene.Entry("press-1-der")+scene.Entry("oven-1-der")+scene.Entry("plant-root-der")+scene.Entry("plant-root-crl"))
	if err := s.srv.Client.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(read(t, class)), client.FieldOwner("kubectl"), client.ForceOwnership); err != nil {
		t.Fatal(err)
	}
	s.create(scene.Sync(trustList, "spc", "      - {sourcePath: press-1-der, targetKey: press-1.der}\n      - {sourcePath: oven-1-der, targetKey: oven-1.der}\n"))
	s.declare("{name: root, vaultSecret: {name: plant-root-der}}, {name: crl, vaultSecret: {name: plant-root-crl}}")
	s.replica(newService(t), webhookCA(t, "ca"))
	s.await("the webhook is registered", func() bool { return s.trusted() != "" })
	extension := s.extension()
	cycle := func() {
		t.Helper()
		if err := extension.Sync(t.Context(), apiserver.StoreNamespace, trustList); err != nil {
			t.Fatal(err)
		}
	}
	cycle()
	metrics := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	s.startSync(metrics)
	list := func() *corev1.Secret {
		o := &corev1.Secret{}
		if err := s.srv.Client.Get(t.Context(), client.ObjectKey{Namespace: apiserver.StoreNamespace, Name: trustList}, o); err != nil {
			t.Fatal(err)
		}
		return o
	}
	s.await("the list holds what both write", func() bool { return len(list().Data) == 4 })
	good := list().Data["press-1.der"]

	s.kv.Vault(scene.Vault).Set("press-1-der", secrets["old-press-der"])
	s.kv.Vault(scene.Vault).Set("oven-1-der", secrets["press-1-der"])
	cycle()
	first := list()
	if string(first.Data["press-1.der"]) != string(good) || !strings.Contains(first.Annotations[store.HeldAnnotation], `"press-1.der"`) {
		t.Errorf("the expired certificate is not held: %s", first.Annotations[store.HeldAnnotation])
	}
	if string(first.Data["oven-1.der"]) != string(good) {
		t.Error("the renewed certificate beside it did not arrive")
	}
	written := time.Now()
	s.await("the order of managers by second", func() bool {
		later := time.Since(written) > 1100*time.Millisecond // than the second in which both wrote
		cycle()
		return later
	})
	first = list()
	for n := range 50 {
		cycle()
		before := passes(metrics)
		s.annotate("trust", strconv.Itoa(n))
		s.await("a pass", func() bool { return passes(metrics) > before })
	}
	if now := list(); now.ResourceVersion != first.ResourceVersion || len(now.Data) != 4 {
		t.Errorf("fifty rounds changed the list: version %s and then %s, keys %v", first.ResourceVersion, now.ResourceVersion, slices.Sorted(maps.Keys(now.Data)))
	}
}

// extension plays the secret store extension's controller, as its own service account.
func (s *site) extension() sse.Controller {
	s.t.Helper()
	raw, err := os.ReadFile(s.ca)
	if err != nil {
		s.t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(raw)
	reader, err := azure.New(azure.Options{Endpoint: "https://" + s.kv.Address() + "/{vault}", CA: pool, Credential: keyvault.StaticToken("t")})
	if err != nil {
		s.t.Fatal(err)
	}
	return sse.Controller{Client: s.person("system:serviceaccount:azure-secret-store:secrets-store-sync-controller-sa"), Vault: reader}
}

// startSync runs the sync loop with its metrics at an address.
func (s *site) startSync(metrics string) {
	s.t.Helper()
	raw, err := os.ReadFile(s.config)
	if err != nil {
		s.t.Fatal(err)
	}
	path := filepath.Join(s.t.TempDir(), "sync.yaml")
	if err := os.WriteFile(path, []byte(strings.Replace(string(raw), `metrics: "127.0.0.1:0"`, `metrics: "`+metrics+`"`, 1)), 0o600); err != nil {
		s.t.Fatal(err)
	}
	own := *s
	own.config = path
	own.start("serve", "--sync")
}

// annotate touches a ConnectorStore, so that the sync loop looks at it.
func (s *site) annotate(name, value string) {
	s.t.Helper()
	o := read(s.t, "apiVersion: storewarden.io/v1alpha1\nkind: ConnectorStore\nmetadata: {name: "+name+", namespace: azure-iot-operations}")
	if err := s.srv.Client.Patch(s.t.Context(), o, client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"annotations":{"touched":"`+value+`"}}}`))); err != nil {
		s.t.Fatal(err)
	}
}
