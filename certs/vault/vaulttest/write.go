package vaulttest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/storewarden/storewarden/certs/vault"
)

// ReadWriter is what a writer's contract is about: what was written is read back.
type ReadWriter interface {
	vault.Reader
	vault.Writer
}

// RunWriter holds a Writer to the contract. open returns one of a vault without secrets;
// what the seeder put in must make the vault exist.
func RunWriter(t *testing.T, open func(t *testing.T) (ReadWriter, Seeder)) {
	t.Helper()
	w, seed := open(t)
	for _, e := range entries() {
		seed(t, e)
	}
	t.Run("set", func(t *testing.T) { sets(t, w) })
	t.Run("delete", func(t *testing.T) { deletes(t, w) })
	t.Run("refused", func(t *testing.T) { writesRefused(t, w) })
}

func at(name string) vault.Ref { return vault.Ref{Vault: kv, Name: name} }

func sets(t *testing.T, w ReadWriter) {
	full := vault.Draft{Value: vault.NewValue(mark), ContentType: "application/pkix-cert", Tags: map[string]string{"file-encoding": "hex", "empty": ""}, Expires: future}
	for name, d := range map[string]vault.Draft{
		"with-everything": full,
		"with-nothing":    {Value: vault.NewValue(mark)},
		"an-empty-value":  {Value: vault.NewValue("")},
		"odd-text":        {Value: vault.NewValue("line\nüber \"quoted\" \x01 <&>\r\n")},
		"TWO":             full, // there are two versions already
	} {
		t.Run(name, func(t *testing.T) {
			told, err := w.Set(t.Context(), at(name), d)
			if err != nil {
				t.Fatal(err)
			}
			got, err := w.Get(t.Context(), at(name))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(told, got); diff != "" {
				t.Errorf("what Set told and what is there (-set +get):\n%s", diff)
			}
			want := vault.Secret{Ref: at(name), Value: d.Value, ContentType: d.ContentType, Tags: d.Tags, Expires: d.Expires, Enabled: true}
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(vault.Secret{}, "Version", "Created", "Updated")); diff != "" {
				t.Errorf("secret (-want +got):\n%s", diff)
			}
			if got.Version == "" || got.Created.IsZero() || got.Updated.IsZero() {
				t.Errorf("version %q, created %s, updated %s", got.Version, got.Created, got.Updated)
			}
		})
	}
	old, err := w.Get(t.Context(), vault.Ref{Vault: kv, Name: "two", Version: second})
	if err != nil || old.Value.Reveal() != mark+"-new" {
		t.Errorf("the version before: %v", err)
	}
}

// deletes takes one secret through all that can become of it.
func deletes(t *testing.T, w ReadWriter) {
	ref, ctx := at("two"), t.Context()
	step := func(name string, err error, want vault.Reason) {
		t.Helper()
		if want == "" {
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			return
		}
		CheckError(t, err, ref, want)
	}
	get := func() error { _, err := w.Get(ctx, ref); return err }
	set := func() error { _, err := w.Set(ctx, ref, vault.Draft{Value: vault.NewValue(mark)}); return err }

	step("recover what is there", w.Recover(ctx, ref), vault.NotFound)
	step("purge what is there", w.Purge(ctx, ref), vault.NotFound)
	step("delete", w.Delete(ctx, ref), "")
	step("get what is deleted", get(), vault.SoftDeleted)
	step("delete it again", w.Delete(ctx, ref), vault.SoftDeleted)
	step("set what is deleted", set(), vault.SoftDeleted)
	step("recover", w.Recover(ctx, ref), "")
	step("get", get(), "")
	if _, err := w.Get(ctx, vault.Ref{Vault: kv, Name: "two", Version: first}); err != nil {
		t.Errorf("an older version did not come back: %v", err)
	}
	step("delete", w.Delete(ctx, ref), "")
	step("purge", w.Purge(ctx, ref), "")
	step("get what is purged", get(), vault.NotFound)
	step("purge it again", w.Purge(ctx, ref), vault.NotFound)
	step("delete what is purged", w.Delete(ctx, ref), vault.NotFound)
	step("set", set(), "")
	step("get", get(), "")
}

func writesRefused(t *testing.T, w ReadWriter) {
	draft := vault.Draft{Value: vault.NewValue(mark)}
	for name, tc := range map[string]struct {
		ref  vault.Ref
		want vault.Reason
	}{
		"a name that climbs":  {vault.Ref{Vault: kv, Name: "../" + kv + "/full"}, vault.NotFound},
		"an empty name":       {vault.Ref{Vault: kv}, vault.NotFound},
		"a vault that climbs": {vault.Ref{Vault: "../" + kv, Name: "full"}, vault.NotFound},
		"no such vault":       {vault.Ref{Vault: "no-such-kv", Name: "full"}, vault.Unreachable},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.Set(t.Context(), tc.ref, draft)
			CheckError(t, err, tc.ref, tc.want)
			CheckError(t, w.Delete(t.Context(), tc.ref), tc.ref, tc.want)
			CheckError(t, w.Recover(t.Context(), tc.ref), tc.ref, tc.want)
			CheckError(t, w.Purge(t.Context(), tc.ref), tc.ref, tc.want)
		})
	}
}
