package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/azure"
	"github.com/storewarden/storewarden/sync/hand"
	"github.com/storewarden/storewarden/test/apiserver"
	"github.com/storewarden/storewarden/test/certtest"
	"github.com/storewarden/storewarden/test/keyvault"
	"github.com/storewarden/storewarden/test/scene"
	"github.com/storewarden/storewarden/test/sse"
)

// answered is what a command answered.
type answered struct {
	out, err string
	code     int
}

// run runs the real binary to its end.
func (s *site) run(args ...string) answered {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.bin, append(args, "--config", s.config, "--kubeconfig", s.srv.Kubeconfig)...)
	cmd.Env = append(os.Environ(), "AZURE_AUTHORITY_HOST="+s.kv.Authority(), "AZURE_TENANT_ID="+keyvault.DefaultTenant,
		"AZURE_CLIENT_ID=00000000-0000-0000-0000-000000000001", "AZURE_CLIENT_SECRET=x")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	_ = cmd.Run() // its exit code is looked at
	return answered{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// expect fails the test unless a command ended so, and said all of it.
func (s *site) expect(a answered, code int, parts ...string) {
	s.t.Helper()
	for _, p := range parts {
		if !strings.Contains(a.out+a.err, p) {
			s.t.Errorf("it does not say %q", p)
		}
	}
	if a.code != code {
		s.t.Errorf("exit %d, want %d", a.code, code)
	}
	if s.t.Failed() {
		s.t.Fatalf("%s\n%s", a.out, a.err)
	}
}

// reader reads the emulator as the binary does.
func (s *site) reader() *azure.Reader {
	s.t.Helper()
	pool, err := authorities(strings.Split(strings.SplitAfter(s.read(s.config), `caFile: "`)[1], `"`)[0])
	if err != nil {
		s.t.Fatal(err)
	}
	endpoint := strings.Split(strings.SplitAfter(s.read(s.config), `endpoint: "`)[1], `"`)[0]
	r, err := azure.New(azure.Options{Endpoint: endpoint, CA: pool, Credential: keyvault.StaticToken("t")})
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func (s *site) read(path string) string {
	s.t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(raw)
}

// TestByHand is the journey of a person, with the real webhook in the cluster: what add
// and remove write passes it without a word.
func TestByHand(t *testing.T) {
	s := newSite(t)
	s.kv.Vault(scene.Vault)
	s.replica(newService(t), webhookCA(t, "webhook"))
	dir := t.TempDir()
	file := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	self := func(name string) *certtest.Cert {
		return certtest.Must(certtest.SelfSigned(certtest.Options{CommonName: name, Key: certtest.RSA2048, Now: time.Now(), URIs: []string{"urn:plant:" + name}}))(t)
	}
	press, oven := self("press-1"), self("oven-1")
	ca := certtest.Must(certtest.NewCA(certtest.Options{CommonName: "Plant CA", Key: certtest.RSA2048, Now: time.Now()}))(t)
	crl := certtest.Must(ca.CRL(certtest.CRLOptions{Now: time.Now()}))(t)
	der, pem := file("press-1.der", press.DER), file("oven-1.crt", oven.PEM())
	trustAdd := func(args ...string) []string { return append(append([]string{"add"}, args...), "--store", "trust") }
	quiet := func(a answered) answered {
		t.Helper()
		if a.err != "" {
			t.Errorf("standard error: %s", a.err)
		}
		return a
	}

	a := quiet(s.run(trustAdd(der)...))
	s.expect(a, exitFindings, "Add press-1.der to the trust list", "subject     CN=press-1", "+ tag: file-encoding=hex", "objectName: press-1-der", "Nothing was changed", "--apply")
	if strings.Contains(a.out, press.Hex()[:40]) || s.kv.Vault(scene.Vault).Calls()[keyvault.SetSecret] != 0 {
		t.Error("the value was shown, or something was written")
	}
	s.expect(quiet(s.run(trustAdd(der, "--apply")...)), exitClean, "3. SecretSync azure-iot-operations/"+trustList+": make the SecretSync of the store … done")
	s.expect(quiet(s.run(trustAdd(der, "--apply")...)), exitClean, "All of it is done already")
	s.expect(quiet(s.run(trustAdd(pem, "--apply")...)), exitClean)
	s.expect(s.run(trustAdd(file("oven-1.der", oven.PEM()))...), exitFindings, "Refused: SS-11", "storewarden explain SS-11", "Nothing was changed")
	s.expect(quiet(s.run(trustAdd(file("plant-ca.der", ca.DER), file("plant-ca.crl", crl.DER), "--apply")...)), exitClean)

	for _, name := range []string{"historian-password", "old-press-der", "plant-root-der"} {
		secrets, err := scene.Secrets(time.Now())
		if err != nil {
			t.Fatal(err)
		}
		s.kv.Vault(scene.Vault).Set(name, secrets[name])
	}
	s.expect(quiet(s.run(trustAdd("--from-vault")...)), exitClean, "+ plant-root-der", "= press-1-der", "- historian-password", "- old-press-der")
	s.expect(s.run(trustAdd("--from-vault", "historian-password", "--apply")...), exitFindings, "Refused: ", "Fix: ")

	c := sse.Controller{Client: s.srv.Client, Vault: s.reader()}
	if err := c.Sync(t.Context(), apiserver.StoreNamespace, trustList); err != nil {
		t.Fatal(err)
	}
	s.expect(quiet(s.run("list", "--role", "trust")), exitClean, "KEY", "press-1.der", "oven-1.crt", "vault plant-kv/press-1-der", "good")
	s.expect(quiet(s.run("list", "--role", "issuer", "--expiring", "30d")), exitClean, "nothing is like that")
	var stores []hand.Store
	if err := json.Unmarshal([]byte(quiet(s.run("list", "--store", trustList, "-o", "json")).out), &stores); err != nil || len(stores) != 1 || len(stores[0].Entries) != 4 {
		t.Fatalf("%v %+v", err, stores)
	}
	for _, e := range stores[0].Entries {
		if e.State != hand.Good {
			t.Errorf("%s is %s: %+v", e.Key, e.State, e.Findings)
		}
	}
	s.expect(quiet(s.run("list", "-o", "csv")), exitClean, "azure-iot-operations,"+trustList+",opcua-trust,press-1.der,CN=press-1,itself,")

	s.expect(quiet(s.run("remove", "plant-ca.crl", "press-1.der", "--store", "trust", "--apply")), exitClean, "the secret stays in the vault")
	s.expect(quiet(s.run("remove", "press-1.der", "--store", "trust")), exitClean, "it goes when the sync controller writes the Secret next", "All of it is done already")
	if err := c.Sync(t.Context(), apiserver.StoreNamespace, trustList); err != nil {
		t.Fatal(err)
	}
	s.expect(s.run("remove", "press-1.der", "--store", "trust"), exitFailed, "has no key press-1.der; it has oven-1.crt, plant-ca.der")
	if _, err := s.reader().Get(t.Context(), vault.Ref{Vault: scene.Vault, Name: "press-1-der"}); err != nil {
		t.Errorf("the vault's secret: %v", err)
	}
	s.expect(s.run("remove", "oven-1.crt", "--store", "trust", "--apply", "--purge-vault-secret"), exitFailed, "--yes-purge")
	s.expect(s.run("remove", "oven-1.crt", "--store", "trust", "--apply", "--purge-vault-secret", "--yes-purge"), exitClean, "purge the secret … done")
	if _, err := s.reader().Get(t.Context(), vault.Ref{Vault: scene.Vault, Name: "oven-1-crt"}); err == nil {
		t.Error("it was not purged")
	}
}

// A cluster that knows nothing of Storewarden, nor of anything else, can be listed.
func TestListBareCluster(t *testing.T) {
	s := &site{t: t, kv: keyvault.New(keyvault.Options{}), bin: filepath.Join(t.TempDir(), "storewarden")}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", s.bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var err error
	if s.srv, err = apiserver.Start(t.Context(), apiserver.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.srv.Stop() })
	s.config = filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(s.config, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s.expect(s.run("list"), exitClean, trustList+"  opcua-trust, not there")
	s.create("apiVersion: v1\nkind: Secret\nmetadata: {name: " + trustList + ", namespace: azure-iot-operations}\nstringData: {press.der: nonsense}")
	s.expect(s.run("list", "--problems"), exitFindings, "press.der", "refused")
}
