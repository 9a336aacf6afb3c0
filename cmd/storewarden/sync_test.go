package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/yaml"

	"github.com/storewarden/storewarden/test/apiserver"
	"github.com/storewarden/storewarden/test/certtest"
	"github.com/storewarden/storewarden/test/keyvault"
	"github.com/storewarden/storewarden/test/scene"
)

// site is a cluster with a vault, and the real binary.
type site struct {
	t      *testing.T
	srv    *apiserver.Server
	kv     *keyvault.Server
	bin    string
	config string
	ca     string // file of the vault's CA
}

const trustList = "aio-opc-ua-broker-trust-list"

func newSite(t *testing.T) *site {
	t.Helper()
	return newSiteOf(t, apiserver.Options{CRDs: true})
}

func newSiteOf(t *testing.T, o apiserver.Options) *site {
	t.Helper()
	s := &site{t: t, kv: keyvault.New(keyvault.Options{}), bin: filepath.Join(t.TempDir(), "storewarden")}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", s.bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var err error
	ctrllog.SetLogger(logr.Discard())
	if s.srv, err = apiserver.Start(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.srv.Stop() })
	endpoint, caPEM, err := s.kv.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kv.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	s.ca, s.config = ca, filepath.Join(t.TempDir(), "config.yaml")
	text := fmt.Sprintf("vault: {kind: azure, endpoint: %q, caFile: %q, refresh: 10s, allowed: {azure-iot-operations: [%s]}}\nwebhook: {health: \"127.0.0.1:0\", metrics: \"127.0.0.1:0\"}\nsync: {leaseNamespace: azure-iot-operations}\n",
		endpoint, ca, scene.Vault)
	for name, content := range map[string][]byte{ca: caPEM, s.config: []byte(text)} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.create(scene.Class("spc", ""))
	return s
}

func (s *site) create(text string) {
	s.t.Helper()
	u := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &u.Object); err != nil {
		s.t.Fatal(err)
	}
	if err := s.srv.Client.Create(s.t.Context(), u); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) declare(sources string) {
	s.t.Helper()
	s.create("apiVersion: storewarden.io/v1alpha1\nkind: ConnectorStore\nmetadata: {name: trust, namespace: azure-iot-operations}\nspec: {role: opcua-trust, secretName: " + trustList +
		", vault: {secretProviderClassName: spc}, sources: [" + sources + "]}")
}

func (s *site) put(name string, c *certtest.Cert) {
	s.kv.Vault(scene.Vault).Set(name, keyvault.Secret{Value: c.Hex(), ContentType: "application/pkix-cert", Tags: map[string]string{"file-encoding": "hex"}})
}

// start runs the binary; what it says is shown where the test fails.
func (s *site) start(args ...string) *exec.Cmd {
	s.t.Helper()
	return s.startTo(&safeBuffer{}, args...)
}

// startTo runs it likewise, and has its log read while it is written.
func (s *site) startTo(log *safeBuffer, args ...string) *exec.Cmd {
	s.t.Helper()
	cmd := exec.Command(s.bin, append(args, "--config", s.config, "--kubeconfig", s.srv.Kubeconfig)...)
	cmd.Env = append(os.Environ(), "AZURE_AUTHORITY_HOST="+s.kv.Authority(), "AZURE_TENANT_ID="+keyvault.DefaultTenant,
		"AZURE_CLIENT_ID=00000000-0000-0000-0000-000000000001", "AZURE_CLIENT_SECRET=x")
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if s.t.Failed() {
			text := log.String()
			s.t.Logf("%v\n%s", args, text[max(0, len(text)-2000):])
		}
	})
	return cmd
}

func (s *site) holds(key string, c *certtest.Cert) bool {
	o := &corev1.Secret{}
	err := s.srv.Client.Get(s.t.Context(), client.ObjectKey{Namespace: apiserver.StoreNamespace, Name: trustList}, o)
	return err == nil && bytes.Equal(o.Data[key], c.DER)
}

// leader is who holds the Lease.
func (s *site) leader() string {
	l := &coordinationv1.Lease{}
	if s.srv.Client.Get(s.t.Context(), client.ObjectKey{Namespace: apiserver.StoreNamespace, Name: leaseName}, l) != nil || l.Spec.HolderIdentity == nil {
		return ""
	}
	return *l.Spec.HolderIdentity
}

func (s *site) await(what string, ok func() bool) {
	s.t.Helper()
	started := time.Now()
	for !ok() {
		if time.Since(started) > time.Minute {
			s.t.Fatalf("not within a minute: %s", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.t.Logf("%s after %s", what, time.Since(started).Round(time.Millisecond))
}

// Two replicas: one writes. It is killed, and the other goes on; that one is stopped,
// and a third takes over at once. The list holds a good certificate all the time.
func TestServeSync(t *testing.T) {
	s := newSite(t)
	cert := func(key string) *certtest.Cert {
		return certtest.Must(certtest.SelfSigned(certtest.Options{CommonName: "press", Key: certtest.RSA2048, KeyName: key, Now: time.Now(), URIs: []string{"urn:plant:press"}}))(t)
	}
	one, two, three := cert("one"), cert("two"), cert("three")
	s.put("press-der", one)
	s.declare("{name: press, vaultSecret: {name: press-der}}")
	a := s.start("serve", "--sync")
	s.await("the first fill", func() bool { return s.holds("press.der", one) })
	b := s.start("serve", "--sync")
	first := s.leader()
	if !strings.HasSuffix(first, fmt.Sprint("-", a.Process.Pid)) {
		t.Fatalf("%s leads, not %d", first, a.Process.Pid)
	}
	s.put("press-der", two)
	s.await("a rotation", func() bool { return s.holds("press.der", two) })

	if err := a.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	s.put("press-der", three)
	s.await("the other replica goes on", func() bool { return s.holds("press.der", three) })
	if !strings.HasSuffix(s.leader(), fmt.Sprint("-", b.Process.Pid)) {
		t.Errorf("%s leads", s.leader())
	}
	s.start("serve", "--sync")
	if err := b.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	s.put("press-der", one)
	s.await("the third takes over at once", func() bool { return s.holds("press.der", one) })
}

// Plan shows what would be done, and does nothing.
func TestPlan(t *testing.T) {
	s := newSite(t)
	press := certtest.Must(certtest.SelfSigned(certtest.Options{CommonName: "press", Key: certtest.RSA2048, Now: time.Now(), URIs: []string{"urn:plant:press"}}))(t)
	old := certtest.Must(certtest.SelfSigned(certtest.Options{CommonName: "old", Key: certtest.RSA2048, Now: time.Now(), NotBefore: time.Now().AddDate(-2, 0, 0), NotAfter: time.Now().AddDate(0, 0, -1)}))(t)
	s.put("press-der", press)
	s.put("old-der", old)
	s.declare("{name: press, vaultSecret: {name: press-der}}, {name: old, vaultSecret: {name: old-der}}, {name: nowhere, vaultSecret: {name: nowhere-der}}")
	plan := func(args ...string) (out string, code int) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, s.bin, append([]string{"plan", "--config", s.config, "--kubeconfig", s.srv.Kubeconfig}, args...)...)
		cmd.Env = append(os.Environ(), "AZURE_AUTHORITY_HOST="+s.kv.Authority(), "AZURE_TENANT_ID="+keyvault.DefaultTenant,
			"AZURE_CLIENT_ID=00000000-0000-0000-0000-000000000001", "AZURE_CLIENT_SECRET=x")
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		_ = cmd.Run() // its exit code is looked at
		return stdout.String() + stderr.String(), cmd.ProcessState.ExitCode()
	}
	out, code := plan()
	for _, want := range []string{"azure-iot-operations/trust: EntriesHeld", "+ press.der  CN=press, until ", "! old.der", "X-01", "! nowhere.der", "NotFound"} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	if code != exitFindings {
		t.Errorf("exit %d", code)
	}
	if s.holds("press.der", press) {
		t.Error("a plan wrote")
	}
	var all []planned
	out, _ = plan("-o", "json", "trust")
	if err := json.Unmarshal([]byte(out), &all); err != nil || len(all) != 1 || len(all[0].Add) != 1 || all[0].Change == nil {
		t.Errorf("%v\n%s", err, out)
	}
	if out, code := plan("nothing"); code != exitFailed || !strings.Contains(out, "there is no ConnectorStore nothing") {
		t.Errorf("exit %d: %s", code, out)
	}
	if out, code := plan("--vault", "none"); code != exitFindings || !strings.Contains(out, "no vault is configured") {
		t.Errorf("exit %d: %s", code, out)
	}
}
