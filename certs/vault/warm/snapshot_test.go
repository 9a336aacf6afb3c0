package warm_test

import (
	"context"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/storewarden/storewarden/certs/decode"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/warm"
	"github.com/storewarden/storewarden/test/certtest"
)

// one is a reader of a single secret.
type one struct{ secret vault.Secret }

func (o one) Get(context.Context, vault.Ref) (vault.Secret, error) { return o.secret, nil }

func facts(t *testing.T, s vault.Secret) *warm.Facts {
	t.Helper()
	a := warm.New(one{s}, warm.Options{Now: certtest.Epoch}).Look(t.Context(), []vault.Ref{s.Ref})[0]
	if a.Err != nil {
		t.Fatal(a.Err)
	}
	return a.Facts
}

// What an export without values says of a secret is all that is known of its
// value: of every odd certificate, of keys, bundles and of what is none of them.
func TestExportSaysAll(t *testing.T) {
	gallery := certtest.Must(certtest.Gallery())(t)
	values := map[string]string{"text": "MARKED text", "empty": "", "odd hex": "abc", "html": "<html>MARKED</html>"}
	for _, x := range gallery {
		values[x.Name] = hex.EncodeToString(x.DER)
	}
	key := certtest.Must(certtest.NewKey(certtest.RSA2048, "export"))(t)
	keyPEM := string(certtest.Must(key.PEM(certtest.PKCS8))(t))
	server := certtest.Must(certtest.SelfSigned(certtest.Options{CommonName: "server"}))(t)
	values["key"], values["hex key"] = keyPEM, hex.EncodeToString([]byte(keyPEM))
	values["certificate and key"] = string(server.PEM()) + keyPEM
	values["certificate twice hex"] = hex.EncodeToString([]byte(server.Hex()))
	secretPart := keyPEM[100:160]
	for name, value := range values {
		s := vault.Secret{Ref: vault.Ref{Vault: "kv1", Name: "s"}, Version: "v", Value: vault.NewValue(value), ContentType: "c",
			Tags: map[string]string{"file-encoding": "hex"}, Enabled: true, Updated: certtest.Epoch()}
		want := facts(t, s)
		raw, err := warm.Export(s)
		if err != nil {
			t.Fatal(err)
		}
		for _, private := range []string{"MARKED", secretPart, hex.EncodeToString([]byte(secretPart))} {
			if strings.Contains(string(raw), private) {
				t.Errorf("%s: the export holds a part of the value", name)
			}
		}
		s.Value, s.Facts = vault.Value{}, raw
		got := facts(t, s)
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(warm.Facts{})); diff != "" {
			t.Errorf("%s (-value +export):\n%s", name, diff)
		}
		for _, enc := range []decode.Encoding{decode.UTF8, decode.Hex, decode.Base64} {
			if diff := cmp.Diff(want.As(enc), got.As(enc), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s as %s (-value +export):\n%s", name, enc, diff)
			}
		}
	}
}

// A file that somebody wrote or broke is an error that names the secret, and no
// fact is made up.
func TestBrokenExports(t *testing.T) {
	good := string(certtest.Must(warm.Export(vault.Secret{Value: vault.NewValue("x")}))(t))
	for _, raw := range []string{`{`, `[]`, `{}`, `{"looks":"hex","as":{}}`, strings.Replace(good, `"utf-8":{`, `"utf-8":{"certificates":["AAAA"],`, 1),
		strings.Replace(good, `"utf-8":{`, `"utf-8":{"crls":["AAAA"],`, 1), strings.Replace(good, `"utf-8":{`, `"utf-8":{"wrapped":{},`, 1)} {
		s := vault.Secret{Ref: vault.Ref{Vault: "kv1", Name: "s"}, Facts: []byte(raw)}
		a := warm.New(one{s}, warm.Options{}).Look(t.Context(), []vault.Ref{s.Ref})[0]
		if reason, ours := vault.ReasonOf(a.Err); a.Err == nil || ours || reason != "" || !strings.Contains(a.Err.Error(), "kv1/s") {
			t.Errorf("%s: %v", raw, a.Err)
		}
	}
}

func FuzzRestore(f *testing.F) {
	raw, err := warm.Export(vault.Secret{Value: vault.NewValue("text")})
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(raw))
	f.Add([]byte(`{"as":{"hex":{"certificates":["MIIB"]}}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s := vault.Secret{Ref: vault.Ref{Vault: "kv1", Name: "s"}, Facts: raw}
		a := warm.New(one{s}, warm.Options{}).Look(t.Context(), []vault.Ref{s.Ref})[0]
		if a.Facts == nil {
			return
		}
		for _, enc := range []decode.Encoding{decode.UTF8, decode.Hex, decode.Base64} {
			for _, c := range a.Facts.As(enc).Bundle.Certificates {
				if len(c.Raw) == 0 {
					t.Error("a certificate out of nothing")
				}
			}
		}
	})
}

// After Forget the vault is asked again, and what differs by who asks is kept apart.
func TestForgetAndIdentities(t *testing.T) {
	s := newSite(t, 1, warm.Options{})
	other := s.refs[0]
	other.As = vault.Identity{ClientID: "c"}
	refs := []vault.Ref{s.refs[0], other}
	for want := range 2 {
		for range 3 {
			for _, a := range s.memory.Look(t.Context(), refs) {
				if a.Err != nil {
					t.Fatal(a.Err)
				}
			}
		}
		if n := s.Calls()["GetSecret"]; n != 2*(want+1) {
			t.Errorf("%d calls after %d times forgotten, want one for each identity", n, want)
		}
		s.memory.Forget()
	}
}
