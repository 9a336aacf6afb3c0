package main

import (
	"context"
	"crypto/x509"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/storewarden/storewarden/certs/store/manifest"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/azure"
	"github.com/storewarden/storewarden/certs/vault/warm"
	"github.com/storewarden/storewarden/cmd/internal/config"
	"github.com/storewarden/storewarden/test/keyvault"
	"github.com/storewarden/storewarden/test/scene"
)

// What the classes of a guarded namespace refer to is wanted, unless the namespace
// may not have the vault looked into.
func TestWanted(t *testing.T) {
	c := config.Default()
	c.Vault.Allowed = map[string][]string{"azure-iot-operations": {"plant-*"}}
	class := scene.Class("spc", scene.Entry("press-1-der")+scene.Entry("ca-der")+scene.Entry("no/name"))
	for _, tc := range []struct {
		vault string
		want  int
	}{{"plant-kv", 2}, {"others-kv", 0}, {"no/vault", 0}} {
		set := classes(t, strings.ReplaceAll(class, scene.Vault, tc.vault))
		if refs := wanted(t.Context(), c, set); len(refs) != tc.want {
			t.Errorf("%s: %v", tc.vault, refs)
		}
	}
}

// What ConnectorStores name is wanted too.
func TestWantedByStores(t *testing.T) {
	c := config.Default()
	c.Vault.Allowed = map[string][]string{"azure-iot-operations": {scene.Vault}}
	set := classes(t, scene.Class("spc", scene.Entry("a-der"))+`
---
apiVersion: storewarden.io/v1alpha1
kind: ConnectorStore
metadata: {name: trust, namespace: azure-iot-operations}
spec:
  role: opcua-trust
  secretName: aio-opc-ua-broker-trust-list
  vault: {secretProviderClassName: spc}
  sources: [{name: b, vaultSecret: {name: b-der}}, {name: c, secretSync: {name: x}}]
`)
	var names []string
	for _, r := range wanted(t.Context(), c, set) {
		names = append(names, r.String())
	}
	if got := strings.Join(names, " "); got != scene.Vault+"/a-der "+scene.Vault+"/b-der" {
		t.Errorf("wanted are %s", got)
	}
}

// classes reads manifests.
func classes(t *testing.T, text string) *manifest.Set {
	t.Helper()
	set, err := manifest.Load([]string{"-"}, strings.NewReader(text), manifest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// The metrics tell what was asked of a vault, and what is known.
func TestVaultMetrics(t *testing.T) {
	kv := keyvault.New(keyvault.Options{})
	t.Cleanup(kv.Close)
	kv.Vault("plant-kv").Set("a", keyvault.Secret{Value: "text"})
	reader := azureReader(t, kv)
	now := time.Unix(1_800_000_000, 0)
	memory := warm.New(reader, warm.Options{Now: func() time.Time { return now }})
	refs := []vault.Ref{{Vault: "plant-kv", Name: "a"}, {Vault: "plant-kv", Name: "b"}}
	for range 3 {
		memory.Look(t.Context(), refs)
	}
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(vaultCollector{memory})
	want := `
# HELP storewarden_vault_answers_total References answered: fresh and stale from memory, fetched by a call, refused as too many new ones in a request.
# TYPE storewarden_vault_answers_total counter
storewarden_vault_answers_total{from="fetched"} 2
storewarden_vault_answers_total{from="fresh"} 4
storewarden_vault_answers_total{from="refused"} 0
storewarden_vault_answers_total{from="stale"} 0
# HELP storewarden_vault_facts Secrets that are known, and those that ended in an error.
# TYPE storewarden_vault_facts gauge
storewarden_vault_facts{state="known",vault="plant-kv"} 1
storewarden_vault_facts{state="trouble",vault="plant-kv"} 1
# HELP storewarden_vault_oldest_seen_timestamp_seconds When the oldest of the facts was last known to be so.
# TYPE storewarden_vault_oldest_seen_timestamp_seconds gauge
storewarden_vault_oldest_seen_timestamp_seconds{vault="plant-kv"} 1.8e+09
# HELP storewarden_vault_pause_seconds For how long a vault that throttles is still left alone.
# TYPE storewarden_vault_pause_seconds gauge
storewarden_vault_pause_seconds{vault="plant-kv"} 0
# HELP storewarden_vault_rate_limit Calls a second that are allowed at present.
# TYPE storewarden_vault_rate_limit gauge
storewarden_vault_rate_limit{vault="plant-kv"} 40
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}

// azureReader starts an emulator, and reads it with the real client.
func azureReader(t *testing.T, kv *keyvault.Server) *azure.Reader {
	t.Helper()
	endpoint, caPEM, err := kv.Start()
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(caPEM)
	reader, err := azure.New(azure.Options{Endpoint: endpoint, CA: pool, Credential: keyvault.StaticToken("t")})
	if err != nil {
		t.Fatal(err)
	}
	return reader
}

// A server's vault is read in the background without anybody asking: here a
// folder, whose secret is known before it is looked at.
func TestKeptVault(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "plant-kv"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "plant-kv", "press-1-der.json"), []byte(`{"value":"x"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	c := config.Default()
	c.Vault.Kind, c.Vault.Path, c.Vault.Allowed = config.VaultDir, dir, map[string][]string{"*": {"*"}}
	c.Vault.Refresh = 20 * time.Millisecond // the first look is spread over as long
	set := classes(t, strings.ReplaceAll(scene.Class("spc", scene.Entry("press-1-der")), scene.Vault, "plant-kv"))
	registry := prometheus.NewRegistry()
	kept, err := newKeptVault(c, nil, warm.Options{}, registry)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- kept.run(ctx, slog.New(slog.DiscardHandler), warm.RefreshOptions{Wanted: func() []vault.Ref { return wanted(ctx, c, set) }})
	}()
	deadline := time.Now().Add(10 * time.Second)
	for len(kept.memory.Stats().Vaults) == 0 || kept.memory.Stats().Vaults[0].Facts != 1 {
		if time.Now().After(deadline) {
			t.Fatalf("not refreshed: %+v", kept.memory.Stats())
		}
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if n, err := testutil.GatherAndCount(registry, "storewarden_vault_calls_total"); err != nil || n == 0 {
		t.Errorf("%d series of calls, %v", n, err)
	}
}
