package dir_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/dir"
	"github.com/storewarden/storewarden/certs/vault/vaulttest"
)

func TestContract(t *testing.T) {
	forms := map[string]func(vaulttest.Entry) any{"az": azForm, "rest": restForm}
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			vaulttest.Run(t, func(t *testing.T) (vault.Reader, vaulttest.Seeder) {
				root := t.TempDir()
				r, err := dir.New(root)
				if err != nil {
					t.Fatal(err)
				}
				return r, func(t *testing.T, e vaulttest.Entry) { seed(t, root, e, form(e)) }
			})
		})
	}
}

// What Write makes, with values and with facts in their place, is read as what it
// was made of.
func TestContractOfExports(t *testing.T) {
	open := func(facts func(vault.Secret) vault.Secret) func(t *testing.T) (vault.Reader, vaulttest.Seeder) {
		return func(t *testing.T) (vault.Reader, vaulttest.Seeder) {
			root := t.TempDir()
			r, err := dir.New(root)
			if err != nil {
				t.Fatal(err)
			}
			return r, func(t *testing.T, e vaulttest.Entry) {
				for _, version := range []string{"", e.Version} {
					s := vault.Secret{Ref: vault.Ref{Vault: e.Vault, Name: e.Name, Version: version}, Version: e.Version, Value: vault.NewValue(e.Value),
						ContentType: e.ContentType, Tags: e.Tags, Enabled: !e.Disabled, Expires: e.Expires, NotBefore: e.NotBefore,
						Created: e.Created, Updated: e.Updated, KeyID: e.KeyID, Managed: e.Managed}
					path, err := dir.Write(root, facts(s))
					if err != nil {
						t.Fatal(err)
					}
					if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
						t.Errorf("%v, %v", info, err)
					}
				}
			}
		}
	}
	t.Run("values", func(t *testing.T) { vaulttest.Run(t, open(func(s vault.Secret) vault.Secret { return s })) })
	t.Run("facts", func(t *testing.T) {
		vaulttest.RunWithoutValues(t, open(func(s vault.Secret) vault.Secret {
			s.Facts = []byte(`{"looks":"utf-8"}`)
			return s
		}))
	})
}

// A name that leaves the folder is not written.
func TestWriteRefuses(t *testing.T) {
	root := t.TempDir()
	for _, ref := range []vault.Ref{{Vault: "..", Name: "s"}, {Vault: "kv1", Name: "../s"}, {Vault: "kv1", Name: "s", Version: "../v"}} {
		if path, err := dir.Write(root, vault.Secret{Ref: ref, Enabled: true}); err == nil {
			t.Errorf("%s was written to %s", ref, path)
		}
	}
}

// Whatever changes is told: a file, a new vault's first file, one that goes, and a
// folder that a mount replaces by a rename.
func TestWatch(t *testing.T) {
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "kv1"), 0o700); err != nil {
		t.Fatal(err)
	}
	r, err := dir.New(root)
	if err != nil {
		t.Fatal(err)
	}
	changed := make(chan struct{}, 1)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- r.Watch(ctx, func() {
			select {
			case changed <- struct{}{}:
			default:
			}
		})
	}()
	// told awaits that the change was told of after it was to be seen.
	told := func(what string, seen func() bool) {
		t.Helper()
		for {
			select {
			case <-changed:
				if seen() {
					return
				}
			case <-time.After(10 * time.Second):
				t.Fatalf("nobody was told of %s", what)
			}
		}
	}
	value := func(v, name, want string) func() bool {
		return func() bool {
			s, err := r.Get(t.Context(), vault.Ref{Vault: v, Name: name})
			return err == nil && s.Value.Reveal() == want
		}
	}
	told("the start", func() bool { return true })
	write(t, filepath.Join(root, "kv1", "a.json"), []byte(`{"value":"1"}`))
	told("a file", value("kv1", "a", "1"))
	write(t, filepath.Join(root, "kv1", "a.json"), []byte(`{"value":"2"}`))
	told("a changed file", value("kv1", "a", "2"))
	write(t, filepath.Join(root, "kv2", "b.json"), []byte(`{"value":"3"}`))
	told("a new vault", value("kv2", "b", "3"))
	write(t, filepath.Join(root, "kv2", "b.json"), []byte(`{"value":"4"}`))
	told("a change in the new vault", value("kv2", "b", "4"))
	if err := os.Rename(filepath.Join(root, "kv1"), filepath.Join(root, "kv3")); err != nil {
		t.Fatal(err)
	}
	told("a renamed vault", value("kv3", "a", "2"))
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// seed writes an entry as the latest, and keeps its version beside it.
func seed(t *testing.T, root string, e vaulttest.Entry, content any) {
	t.Helper()
	data, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(root, e.Vault, e.Name+".json"), data)
	write(t, filepath.Join(root, e.Vault, e.Name, e.Version+".json"), data)
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// azForm is the shape of az keyvault secret show: every key is there, null when
// not set, times as ISO text with an offset.
func azForm(e vaulttest.Entry) any {
	iso := func(t time.Time) any {
		if t.IsZero() {
			return nil
		}
		return t.Format("2006-01-02T15:04:05+00:00")
	}
	return map[string]any{
		"attributes": map[string]any{
			"created": iso(e.Created), "updated": iso(e.Updated), "expires": iso(e.Expires), "notBefore": iso(e.NotBefore),
			"enabled": !e.Disabled, "recoverableDays": 90, "recoveryLevel": "Recoverable+Purgeable",
		},
		"contentType": orNull(e.ContentType), "kid": orNull(e.KeyID), "managed": orNull(e.Managed),
		"id": id(e), "name": e.Name, "tags": e.Tags, "value": e.Value,
	}
}

// restForm is the body of the REST API: absent keys and Unix seconds.
func restForm(e vaulttest.Entry) any {
	attributes := map[string]any{"enabled": !e.Disabled, "created": e.Created.Unix(), "updated": e.Updated.Unix(), "recoveryLevel": "Recoverable"}
	if !e.Expires.IsZero() {
		attributes["exp"] = e.Expires.Unix()
	}
	if !e.NotBefore.IsZero() {
		attributes["nbf"] = e.NotBefore.Unix()
	}
	body := map[string]any{"id": id(e), "value": e.Value, "attributes": attributes}
	for key, v := range map[string]any{"contentType": orNull(e.ContentType), "kid": orNull(e.KeyID), "managed": orNull(e.Managed)} {
		if v != nil {
			body[key] = v
		}
	}
	if e.Tags != nil {
		body["tags"] = e.Tags
	}
	return body
}

func id(e vaulttest.Entry) string {
	return "https://" + e.Vault + ".vault.azure.net/secrets/" + e.Name + "/" + e.Version
}

func orNull[T comparable](v T) any {
	var zero T
	if v == zero {
		return nil
	}
	return v
}

const plain = `{"id":"https://kv1.vault.azure.net/secrets/s/abc1","value":"v","attributes":{"enabled":true}}`

func TestFiles(t *testing.T) {
	tests := map[string]struct {
		path, content string
		ref           vault.Ref
		want          vault.Secret // its Value is the text v
	}{
		"a version that only the plain file carries": {"kv1/s.json", plain,
			vault.Ref{Vault: "kv1", Name: "s", Version: "ABC1"}, vault.Secret{Version: "abc1"}},
		"a version file without an id": {"kv1/s/abc2.json", `{"value":"v"}`,
			vault.Ref{Vault: "kv1", Name: "s", Version: "abc2"}, vault.Secret{Version: "abc2"}},
		"nothing but a value": {"kv1/s.json", `{"value":"v"}`,
			vault.Ref{Vault: "kv1", Name: "s"}, vault.Secret{}},
		"a byte order mark": {"kv1/s.json", "\xef\xbb\xbf" + plain,
			vault.Ref{Vault: "kv1", Name: "s"}, vault.Secret{Version: "abc1"}},
		"names on disk in another case": {"KV1/S.json", plain,
			vault.Ref{Vault: "kv1", Name: "s"}, vault.Secret{Version: "abc1"}},
		"times with microseconds and an offset": {"kv1/s.json", `{"value":"v","attributes":{"created":"2026-03-01T09:00:00.250000+01:00"}}`,
			vault.Ref{Vault: "kv1", Name: "s"}, vault.Secret{Created: time.Date(2026, 3, 1, 8, 0, 0, 250e6, time.UTC)}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			write(t, filepath.Join(root, filepath.FromSlash(tc.path)), []byte(tc.content))
			r, err := dir.New(root)
			if err != nil {
				t.Fatal(err)
			}
			tc.want.Ref, tc.want.Value, tc.want.Enabled = tc.ref, vault.NewValue("v"), true
			got, err := r.Get(t.Context(), tc.ref)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("secret (-want +got):\n%s", diff)
			}
		})
	}
}

// What cannot be understood is our trouble or the operator's, not the vault's:
// a plain error that names the file and keeps its content to itself.
func TestUnreadableFiles(t *testing.T) {
	tests := map[string]string{
		"text":                 "MARKED",
		"cut off":              `{"value":"MARKED`,
		"broken inside":        `{"value": MARKED}`,
		"value is a number":    `{"value": 12345, "id": "MARKED"}`,
		"value is an object":   `{"value": {"MARKED": 1}}`,
		"tags are a list":      `{"value": "v", "tags": ["MARKED"]}`,
		"time is text":         `{"value": "v", "attributes": {"created": "MARKED"}}`,
		"time is an object":    `{"value": "v", "attributes": {"exp": {"MARKED": 1}}}`,
		"an array":             `[{"value": "MARKED"}]`,
		"a listing, no value":  `{"id": "https://kv1.vault.azure.net/secrets/s", "attributes": {"enabled": true}}`,
		"null":                 `null`,
		"empty":                ``,
		"UTF-16":               "\xff\xfe{\x00}\x00",
		"more than one secret": plain + plain,
		"too large":            `{"value": "` + strings.Repeat("MARKED", 200_000) + `"}`,
	}
	for name, content := range tests {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			path := filepath.Join(root, "kv1", "s.json")
			write(t, path, []byte(content))
			r, err := dir.New(root)
			if err != nil {
				t.Fatal(err)
			}
			_, err = r.Get(t.Context(), vault.Ref{Vault: "kv1", Name: "s"})
			if err == nil {
				t.Fatal("no error")
			}
			if reason, ok := vault.ReasonOf(err); ok {
				t.Errorf("reason %s, want a plain error", reason)
			}
			if !strings.Contains(err.Error(), path) {
				t.Error("the error does not name the file")
			}
			if strings.Contains(err.Error(), "MARKED") || strings.Contains(err.Error(), "12345") {
				t.Error("the error quotes the file")
			}
		})
	}
}

func TestDisabledWithoutValue(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "kv1", "s.json"), []byte(`{"attributes":{"enabled":false},"value":null}`))
	r, err := dir.New(root)
	if err != nil {
		t.Fatal(err)
	}
	ref := vault.Ref{Vault: "kv1", Name: "s"}
	_, err = r.Get(t.Context(), ref)
	vaulttest.CheckError(t, err, ref, vault.Disabled)
}

func TestNoValuesOutsideTheRoot(t *testing.T) {
	outer := t.TempDir()
	root := filepath.Join(outer, "root")
	write(t, filepath.Join(outer, "kv2", "s.json"), []byte(plain))
	write(t, filepath.Join(root, "kv1", "s.json"), []byte(plain))
	r, err := dir.New(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, ref := range []vault.Ref{
		{Vault: "../kv2", Name: "s"},
		{Vault: "kv1", Name: "../../../kv2/s"},
		{Vault: "kv1", Name: "s", Version: "../../../kv2/s"},
		{Vault: filepath.Join(outer, "kv2"), Name: "s"},
	} {
		_, err := r.Get(t.Context(), ref)
		vaulttest.CheckError(t, err, ref, vault.NotFound)
	}
}

func TestNew(t *testing.T) {
	root := t.TempDir()
	file := filepath.Join(root, "file")
	write(t, file, nil)
	if _, err := dir.New(file); err == nil {
		t.Error("a file as root: no error")
	}
	if _, err := dir.New(filepath.Join(root, "absent")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an absent root: %v, want ErrNotExist", err)
	}
}
