package main

import (
	"bufio"
	"context"
	"crypto/x509"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/azure"
	"github.com/storewarden/storewarden/test/keyvault"
)

// What a snapshot holds is served to the real client, and so is what changes in it.
func TestServesASnapshot(t *testing.T) {
	folder := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("my-kv/a.json", `{"value":"1","tags":{"file-encoding":"utf-8"}}`)
	write("my-kv/off.json", `{"attributes":{"enabled":false}}`)
	ctx, cancel := context.WithCancel(t.Context())
	out, said := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, []string{"--dir", folder}, said) }()
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	endpoint := regexp.MustCompile(`https://127\.0\.0\.1:\d+/\{vault\}`).FindString(first)
	if !strings.HasPrefix(first, "2 secrets at ") || endpoint == "" {
		t.Fatalf("it says %q", first)
	}
	pool := x509.NewCertPool()
	var caPEM []byte
	for deadline := time.Now().Add(10 * time.Second); len(caPEM) == 0 && time.Now().Before(deadline); {
		caPEM, _ = os.ReadFile(filepath.Join(folder, "keyvault-ca.pem"))
	}
	pool.AppendCertsFromPEM(caPEM)
	r, err := azure.New(azure.Options{Endpoint: endpoint, CA: pool, Credential: keyvault.StaticToken("t")})
	if err != nil {
		t.Fatal(err)
	}
	await := func(name, value string, reason vault.Reason) {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); ; {
			s, err := r.Get(t.Context(), vault.Ref{Vault: "my-kv", Name: name})
			got, _ := vault.ReasonOf(err)
			if got == reason && s.Value.Reveal() == value {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: %v, want %q", name, err, reason)
			}
		}
	}
	await("a", "1", "")
	await("off", "", vault.Disabled)
	write("my-kv/a.json", `{"value":"2"}`)
	await("a", "2", "")
	if err := os.Remove(filepath.Join(folder, "my-kv", "a.json")); err != nil {
		t.Fatal(err)
	}
	await("a", "", vault.SoftDeleted)
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestRefuses(t *testing.T) {
	for want, args := range map[string][]string{
		"name the snapshot": {}, "only loopback": {"--dir", t.TempDir(), "--listen", "0.0.0.0:0"}, "open vault folder": {"--dir", "/nonexistent"},
	} {
		if err := run(t.Context(), args, io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", args, err, want)
		}
	}
}
