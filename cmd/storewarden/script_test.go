package main

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/storewarden/storewarden/test/certtest"
	"github.com/storewarden/storewarden/test/scene"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"storewarden": func() { os.Exit(run(context.Background(), os.Args[1:])) },
	})
}

// TestScript runs the command line as a user would. Unless a script says
// otherwise, nothing may stand on standard error. $EXAMPLE is the example folder;
// the working directory holds files of every kind that inspect reads.
func TestScript(t *testing.T) {
	example, err := filepath.Abs("../../test/example")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("EXAMPLE", example)
			env.Setenv("NOW", certtest.Epoch().Format("2006-01-02T15:04:05Z07:00"))
			return writeMaterials(env.WorkDir)
		},
	})
}

func writeMaterials(dir string) error {
	server, err := certtest.SelfSigned(certtest.Options{CommonName: "press-1", Key: certtest.RSA2048, URIs: []string{"urn:plant:press-1"}})
	if err != nil {
		return err
	}
	ca, err := certtest.NewCA(certtest.Options{CommonName: "Plant CA"})
	if err != nil {
		return err
	}
	crl, err := ca.CRL(certtest.CRLOptions{})
	if err != nil {
		return err
	}
	key, err := server.Key.PEM(certtest.PKCS8)
	if err != nil {
		return err
	}
	pfx, err := certtest.PKCS12("", server)
	if err != nil {
		return err
	}
	expired, err := certtest.SelfSigned(certtest.Options{CommonName: "old", Key: certtest.RSA2048, NotBefore: certtest.Epoch().AddDate(-2, 0, 0), NotAfter: certtest.Epoch().AddDate(0, 0, -1)})
	if err != nil {
		return err
	}
	secrets, err := scene.Secrets(certtest.Epoch())
	if err != nil {
		return err
	}
	kv, err := json.Marshal(map[string]any{"value": secrets["press-1-der"].Value, "attributes": map[string]any{"enabled": true},
		"contentType": "application/pkix-cert", "id": "https://kv.vault.azure.net/secrets/press-1-der/0"})
	if err != nil {
		return err
	}
	negative, err := certtest.SelfSigned(certtest.Options{CommonName: "negative", Key: certtest.RSA2048, Serial: big.NewInt(-5)})
	if err != nil {
		return err
	}
	locked, err := certtest.PKCS12("secret", server)
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{
		"server.der": server.DER, "server.pem": server.PEM(), "server.hex": []byte(server.Hex() + "\n"), "ca.der": ca.DER, "ca.crl": crl.DER,
		"ca-pem.crl": crl.PEM(), "server-key.pem": key, "server.pfx": pfx, "old.der": expired.DER, "password.txt": []byte("hunter2-MARKED"),
		"double.hex": []byte(hex.EncodeToString([]byte(server.Hex()))), "double.b64": []byte(base64.StdEncoding.EncodeToString([]byte(server.Hex()))),
		"utf16.pem": utf16(server.PEM()), "page.der": []byte("<!doctype html><title>Sign in</title>"), "store.jks": []byte("\xfe\xed\xfe\xed\x00\x00\x00\x02"),
		"shown.json":   fmt.Appendf(nil, `{"cer": %q, "kid": "x"}`, base64.StdEncoding.EncodeToString(server.DER)),
		"line.pem":     []byte(strings.ReplaceAll(string(server.PEM()), "\n", `\n`)),
		"secret.yaml":  []byte("apiVersion: v1\nkind: Secret\nstringData:\n  a: |\n    " + strings.ReplaceAll(string(server.PEM()), "\n", "\n    ")),
		"negative.der": negative.DER, "locked.pfx": locked, "cut.der": server.DER[:300],
		"empty": nil, "kv/plant/press-1-der.json": kv,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return nil
}

// utf16 is text as PowerShell redirects it.
func utf16(text []byte) []byte {
	out := []byte{0xff, 0xfe}
	for _, c := range text {
		out = append(out, c, 0)
	}
	return out
}
