// Package vaulttest is the contract of vault.Reader as a test: what every
// adapter must answer for the same secrets, so that a verdict does not depend
// on where they were read from.
package vaulttest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/storewarden/storewarden/certs/vault"
)

// Entry is one version of a secret to put into a vault.
type Entry struct {
	Vault, Name, Version string // Version is 32 hex digits
	Value                string
	ContentType          string
	Tags                 map[string]string
	Disabled             bool
	Expires, NotBefore   time.Time
	Created, Updated     time.Time // whole seconds
	KeyID                string
	Managed              bool
}

// Seeder puts an entry into the vault behind a Reader. Entries of one name come
// oldest first; the last is the latest.
type Seeder func(t *testing.T, e Entry)

const (
	kv     = "contract-kv"
	mark   = "MARKED-0123456789-value" // must never be in an error
	first  = "00000000000000000000000000000001"
	second = "00000000000000000000000000000002"
)

var (
	created = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	updated = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)
	past    = time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
	future  = time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)
)

// RunWithoutValues is Run for a snapshot that holds facts in the place of values.
func RunWithoutValues(t *testing.T, open func(t *testing.T) (vault.Reader, Seeder)) {
	t.Helper()
	reader, seed := open(t)
	Run(t, func(*testing.T) (vault.Reader, Seeder) { return valued{reader, t}, seed })
}

// valued puts back what a snapshot without values left out, so that all else can be
// compared: the facts must be there, and the value not.
type valued struct {
	vault.Reader
	t *testing.T
}

func (v valued) Get(ctx context.Context, ref vault.Ref) (vault.Secret, error) {
	s, err := v.Reader.Get(ctx, ref)
	if err != nil {
		return s, err
	}
	if s.Facts == nil || s.Value.Reveal() != "" || strings.Contains(string(s.Facts), mark) {
		v.t.Errorf("%s: facts %t, value %t", ref, s.Facts != nil, s.Value.Reveal() != "")
	}
	s.Facts = nil
	for _, e := range entries() {
		if strings.EqualFold(e.Name, ref.Name) && e.Version == s.Version {
			s.Value = vault.NewValue(e.Value)
		}
	}
	return s, nil
}

func (v valued) List(of vault.Ref) vault.Pages { return v.Reader.(vault.Lister).List(of) }

// Run holds a Reader, and the Lister that it is, to the contract. open returns an
// empty one.
func Run(t *testing.T, open func(t *testing.T) (vault.Reader, Seeder)) {
	t.Helper()
	reader, seed := open(t)
	for _, e := range entries() {
		seed(t, e)
	}
	t.Run("found", func(t *testing.T) { found(t, reader) })
	t.Run("not found", func(t *testing.T) { notFound(t, reader) })
	t.Run("concurrent", func(t *testing.T) { concurrent(t, reader) })
	t.Run("context", func(t *testing.T) { contexts(t, reader) })
	t.Run("list", func(t *testing.T) { lists(t, reader.(vault.Lister)) })
}

func entries() []Entry {
	return []Entry{
		{Vault: kv, Name: "full", Version: first, Value: mark, ContentType: "application/pkix-cert",
			Tags: map[string]string{"file-encoding": "hex", "empty": ""}, Created: created, Updated: updated, Expires: future, NotBefore: created},
		{Vault: kv, Name: "bare", Version: first, Value: mark, Created: created, Updated: created},
		{Vault: kv, Name: "empty", Version: first, Value: "", Created: created, Updated: created},
		{Vault: kv, Name: "Mixed-Case", Version: first, Value: mark, Created: created, Updated: created},
		{Vault: kv, Name: "two", Version: first, Value: mark + "-old", Created: created, Updated: created},
		{Vault: kv, Name: "two", Version: second, Value: mark + "-new", Created: updated, Updated: updated},
		{Vault: kv, Name: "expired", Version: first, Value: mark, Created: created, Updated: created, Expires: past},
		{Vault: kv, Name: "early", Version: first, Value: mark, Created: created, Updated: created, NotBefore: future},
		{Vault: kv, Name: "backs-certificate", Version: first, Value: mark, ContentType: "application/x-pkcs12", Created: created, Updated: created,
			KeyID: "https://contract-kv.vault.azure.net/keys/backs-certificate/" + first, Managed: true},
		{Vault: kv, Name: "disabled", Version: first, Value: mark, Created: created, Updated: created, Disabled: true},
		{Vault: kv, Name: "disabled-newest", Version: first, Value: mark, Created: created, Updated: created},
		{Vault: kv, Name: "disabled-newest", Version: second, Value: mark, Created: updated, Updated: updated, Disabled: true},
		{Vault: kv, Name: "text", Version: first, Value: "line\nüber \"quoted\" \x01 <&>\r\n", Created: created, Updated: created},
	}
}

func found(t *testing.T, r vault.Reader) {
	secret := func(ref vault.Ref, version, value string) vault.Secret {
		return vault.Secret{Ref: ref, Version: version, Value: vault.NewValue(value), Enabled: true, Created: created, Updated: created}
	}
	ref := func(name, version string) vault.Ref { return vault.Ref{Vault: kv, Name: name, Version: version} }

	full := secret(ref("full", ""), first, mark)
	full.ContentType, full.Tags = "application/pkix-cert", map[string]string{"file-encoding": "hex", "empty": ""}
	full.Updated, full.Expires, full.NotBefore = updated, future, created
	newest := secret(ref("two", ""), second, mark+"-new")
	newest.Created, newest.Updated = updated, updated
	newestNamed := newest
	newestNamed.Ref = ref("two", second)
	expired := secret(ref("expired", ""), first, mark)
	expired.Expires = past
	early := secret(ref("early", ""), first, mark)
	early.NotBefore = future
	backing := secret(ref("backs-certificate", ""), first, mark)
	backing.ContentType, backing.Managed = "application/x-pkcs12", true
	backing.KeyID = "https://contract-kv.vault.azure.net/keys/backs-certificate/" + first
	otherCase := vault.Ref{Vault: "Contract-KV", Name: "MIXED-case"}

	tests := map[string]vault.Secret{
		"every attribute":                        full,
		"no attribute":                           secret(ref("bare", ""), first, mark),
		"an empty value":                         secret(ref("empty", ""), first, ""),
		"names in another case":                  secret(otherCase, first, mark),
		"the latest of two":                      newest,
		"the latest by its version":              newestNamed,
		"an older version":                       secret(ref("two", first), first, mark+"-old"),
		"the only version by name":               secret(ref("bare", first), first, mark),
		"expired":                                expired,
		"not valid yet":                          early,
		"behind a certificate resource":          backing,
		"an older version under a disabled one":  secret(ref("disabled-newest", first), first, mark),
		"text that JSON escapes, kept as it was": secret(ref("text", ""), first, "line\nüber \"quoted\" \x01 <&>\r\n"),
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := r.Get(t.Context(), want.Ref)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("secret (-want +got):\n%s", diff)
			}
		})
	}
}

func notFound(t *testing.T, r vault.Reader) {
	tests := map[string]struct {
		ref  vault.Ref
		want vault.Reason
	}{
		"no such name":               {vault.Ref{Vault: kv, Name: "absent"}, vault.NotFound},
		"no such version":            {vault.Ref{Vault: kv, Name: "two", Version: strings.Repeat("f", 32)}, vault.NotFound},
		"a name that starts another": {vault.Ref{Vault: kv, Name: "tw"}, vault.NotFound},
		"a version of an absent one": {vault.Ref{Vault: kv, Name: "absent", Version: first}, vault.NotFound},
		"an empty name":              {vault.Ref{Vault: kv, Name: ""}, vault.NotFound},
		"a name that climbs":         {vault.Ref{Vault: kv, Name: "../" + kv + "/full"}, vault.NotFound},
		"a vault that climbs":        {vault.Ref{Vault: "../" + kv, Name: "full"}, vault.NotFound},
		"a version that climbs":      {vault.Ref{Vault: kv, Name: "two", Version: "../full"}, vault.NotFound},
		"an impossible vault name":   {vault.Ref{Vault: "kv_1", Name: "full"}, vault.NotFound},
		"disabled":                   {vault.Ref{Vault: kv, Name: "disabled"}, vault.Disabled},
		"disabled by version":        {vault.Ref{Vault: kv, Name: "disabled", Version: first}, vault.Disabled},
		"newest version disabled":    {vault.Ref{Vault: kv, Name: "disabled-newest"}, vault.Disabled},
		"no such vault":              {vault.Ref{Vault: "no-such-kv", Name: "full"}, vault.Unreachable},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := r.Get(t.Context(), tc.ref)
			CheckError(t, err, tc.ref, tc.want)
			if got.Value.Reveal() != "" {
				t.Error("a value came along with the error")
			}
		})
	}
}

// CheckError fails unless the error has the reason and the reference, tells a
// person something, and holds none of the contract's values.
func CheckError(t *testing.T, err error, ref vault.Ref, want vault.Reason) {
	t.Helper()
	var got *vault.Error
	if !errors.As(err, &got) {
		t.Fatalf("error %v, want a *vault.Error of reason %s", err, want)
	}
	if got.Reason != want {
		t.Errorf("reason %s (%v), want %s", got.Reason, err, want)
	}
	if got.Ref != ref {
		t.Errorf("the error is about %q, want %q", got.Ref, ref)
	}
	if got.Message == "" || len(got.Message) > 600 || strings.ContainsAny(got.Message, "\n\r\t") {
		t.Errorf("message %q, want one line", got.Message)
	}
	for e := error(got); e != nil; e = errors.Unwrap(e) {
		if strings.Contains(e.Error(), "MARKED") {
			t.Error("the error holds a secret's value")
		}
	}
}

func concurrent(t *testing.T, r vault.Reader) {
	const readers = 40
	errs := make(chan error, readers)
	var ready sync.WaitGroup
	ready.Add(readers)
	for n := range readers {
		go func() {
			ready.Done()
			ready.Wait()
			version, want := first, mark+"-old"
			if n%2 == 0 {
				version, want = "", mark+"-new"
			}
			s, err := r.Get(t.Context(), vault.Ref{Vault: kv, Name: "two", Version: version})
			if err == nil && s.Value.Reveal() != want {
				err = errors.New("the value of another secret")
			}
			errs <- err
		}()
	}
	for range readers {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func contexts(t *testing.T, r vault.Reader) {
	ref := vault.Ref{Vault: kv, Name: "bare"}

	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := r.Get(gone, ref)
	if reason, ok := vault.ReasonOf(err); ok || !errors.Is(err, context.Canceled) {
		t.Errorf("a caller that went away: %v (reason %q), want a plain error that wraps context.Canceled", err, reason)
	}

	late, cancel := context.WithDeadline(t.Context(), past)
	defer cancel()
	_, err = r.Get(late, ref)
	CheckError(t, err, ref, vault.Timeout)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a passed deadline: %v does not wrap context.DeadlineExceeded", err)
	}
}
