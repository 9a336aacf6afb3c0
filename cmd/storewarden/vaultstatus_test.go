package main

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/warm"
	"github.com/storewarden/storewarden/test/keyvault"
)

// Status shows what a server counted: here of a vault that holds one of two
// secrets, and of two identities, one of which gets no token.
func TestVaultStatus(t *testing.T) {
	kv := keyvault.New(keyvault.Options{})
	t.Cleanup(kv.Close)
	memory, registry := countedMemory(t, kv)
	kv.Vault("plant-kv").Set("a", keyvault.Secret{Value: "text"})
	memory.Look(t.Context(), []vault.Ref{{Vault: "plant-kv", Name: "a"}, {Vault: "plant-kv", Name: "b"}})
	tokens := newTokenMetrics()
	registry.MustRegister(tokens.asked, tokens.acquired, tokens.expires)
	until := time.Unix(1_800_003_600, 0)
	tokens.observe(vault.Identity{}, until, nil)
	tokens.observe(vault.Identity{Namespace: "ns", ServiceAccount: "sa"}, time.Time{}, errors.New("no"))
	server := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	t.Cleanup(server.Close)

	s, err := readVaultStatus(t.Context(), server.URL, time.Unix(1_800_000_060, 0))
	if err != nil {
		t.Fatal(err)
	}
	if !s.troubled() {
		t.Error("the secret that is not there is no trouble")
	}
	var out bytes.Buffer
	if err := s.write(&out, "text"); err != nil {
		t.Fatal(err)
	}
	want := `VAULT     KNOWN  TROUBLE  OLDEST  CALLS  FAILED      PER SECOND  PAUSED
plant-kv  1      1        1m0s    2      NotFound 1  40.0        -

IDENTITY  TOKEN UNTIL           FAILED
ns/sa     none                  1
self      2027-01-15T09:00:00Z  0

answers: 0 from memory, 0 from memory and looked at again, 2 fetched, 0 refused
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	out.Reset()
	if err := s.write(&out, "json"); err != nil || !strings.Contains(out.String(), `"oldestAgeSeconds": 60`) {
		t.Errorf("%v\n%s", err, out.String())
	}
	if err := s.write(&out, "yaml"); err == nil {
		t.Error("an output that there is not is taken")
	}
}

func countedMemory(t *testing.T, kv *keyvault.Server) (*warm.Memory, *prometheus.Registry) {
	t.Helper()
	now := time.Unix(1_800_000_000, 0)
	calls := newVaultCalls()
	memory := warm.New(azureReader(t, kv), warm.Options{Now: func() time.Time { return now }, Observe: calls.observe})
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(calls.total, vaultCollector{memory})
	return memory, registry
}

func TestVaultStatusOfNothing(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"not found": http.NotFound, "a page": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>\n")) },
	} {
		server := httptest.NewServer(h)
		_, err := readVaultStatus(t.Context(), server.URL, time.Now())
		server.Close()
		if err == nil || !strings.Contains(err.Error(), "not with metrics") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := readVaultStatus(t.Context(), server.URL, time.Now()); err == nil || !strings.Contains(err.Error(), "--metrics URL") {
			t.Errorf("nobody there: %v", err)
		}
	}
	var out bytes.Buffer
	if err := (vaultStatus{}).write(&out, "text"); err != nil || !strings.Contains(out.String(), "no vault was asked") {
		t.Errorf("%v %q", err, out.String())
	}
}
