package vaulttest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/storewarden/storewarden/certs/vault"
)

// lists checks that a listing tells of each name once, as its latest version is,
// and of disabled ones too.
func lists(t *testing.T, l vault.Lister) {
	want := map[string]vault.Properties{}
	for _, e := range entries() { // the latest comes last
		want[strings.ToLower(e.Name)] = vault.Properties{Enabled: !e.Disabled, Updated: e.Updated, Managed: e.Managed, Tags: e.Tags}
	}
	got := map[string]vault.Properties{}
	pages := l.List(vault.Ref{Vault: strings.ToUpper(kv[:1]) + kv[1:]})
	for more := true; more; {
		var page []vault.Properties
		var err error
		if page, more, err = pages.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, p := range page {
			name := strings.ToLower(p.Name)
			if _, twice := got[name]; twice {
				t.Errorf("%s is told twice", p.Name)
			}
			p.Name = ""
			got[name] = p
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}

	for name, tc := range map[string]struct {
		vault string
		want  vault.Reason
	}{"no such vault": {"no-such-kv", vault.Unreachable}, "an impossible name": {"kv_1", vault.NotFound}, "one that climbs": {"../" + kv, vault.NotFound}} {
		of := vault.Ref{Vault: tc.vault}
		page, more, err := l.List(of).Next(t.Context())
		if len(page) > 0 || more {
			t.Errorf("%s: %d secrets, more: %t", name, len(page), more)
		}
		CheckError(t, err, of, tc.want)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := l.List(vault.Ref{Vault: kv}).Next(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller that went away: %v", err)
	}
}
