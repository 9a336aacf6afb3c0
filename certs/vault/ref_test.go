package vault_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/storewarden/storewarden/certs/vault"
)

func TestCheck(t *testing.T) {
	tests := map[string]struct {
		ref vault.Ref
		ok  bool
	}{
		"plain":                 {vault.Ref{Vault: "my-aio-kv", Name: "my-server-der"}, true},
		"version":               {vault.Ref{Vault: "kv1", Name: "s", Version: "0123456789abcdef0123456789abcdef"}, true},
		"longest names":         {vault.Ref{Vault: strings.Repeat("a", 24), Name: strings.Repeat("s", 127)}, true},
		"empty secret is LIST":  {vault.Ref{Vault: "kv1", Name: ""}, false},
		"empty vault":           {vault.Ref{Vault: "", Name: "s"}, false},
		"vault too short":       {vault.Ref{Vault: "kv", Name: "s"}, false},
		"vault too long":        {vault.Ref{Vault: strings.Repeat("a", 25), Name: "s"}, false},
		"vault digit first":     {vault.Ref{Vault: "1kv", Name: "s"}, false},
		"vault hyphen last":     {vault.Ref{Vault: "kv1-", Name: "s"}, false},
		"vault double hyphen":   {vault.Ref{Vault: "kv--1", Name: "s"}, false},
		"vault is a host":       {vault.Ref{Vault: "evil.example", Name: "s"}, false},
		"vault with a fragment": {vault.Ref{Vault: "kv1#", Name: "s"}, false},
		"vault climbs":          {vault.Ref{Vault: "..", Name: "s"}, false},
		"secret climbs":         {vault.Ref{Vault: "kv1", Name: "../kv2/s"}, false},
		"secret underscore":     {vault.Ref{Vault: "kv1", Name: "my_server"}, false},
		"secret line break":     {vault.Ref{Vault: "kv1", Name: "s\n"}, false},
		"secret too long":       {vault.Ref{Vault: "kv1", Name: strings.Repeat("s", 128)}, false},
		"version climbs":        {vault.Ref{Vault: "kv1", Name: "s", Version: "../t"}, false},
		"version backslash":     {vault.Ref{Vault: "kv1", Name: "s", Version: `..\t`}, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			err := vault.Check(tc.ref)
			if (err == nil) != tc.ok {
				t.Fatalf("Check(%q) = %v, want ok %t", tc.ref, err, tc.ok)
			}
			if reason, _ := vault.ReasonOf(err); !tc.ok && reason != vault.NotFound {
				t.Errorf("reason = %q, want %q", reason, vault.NotFound)
			}
		})
	}
}

func TestEnded(t *testing.T) {
	ref := vault.Ref{Vault: "kv1", Name: "s"}
	if err := vault.Ended(context.Background(), ref); err != nil {
		t.Errorf("a living context: %v, want nil", err)
	}

	late, cancel := context.WithDeadline(context.Background(), time.Unix(0, 0))
	defer cancel()
	err := vault.Ended(late, ref)
	if reason, ok := vault.ReasonOf(err); !ok || reason != vault.Timeout {
		t.Errorf("a passed deadline: reason %q, want Timeout", reason)
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a passed deadline: %v does not wrap DeadlineExceeded", err)
	}

	gone, cancel := context.WithCancel(context.Background())
	cancel()
	err = vault.Ended(gone, ref)
	if reason, ok := vault.ReasonOf(err); ok {
		t.Errorf("a caller that went away: reason %q, want a plain error", reason)
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a caller that went away: %v does not wrap Canceled", err)
	}
}

func TestErrorIsReadable(t *testing.T) {
	cause := errors.New("cause")
	err := error(&vault.Error{Ref: vault.Ref{Vault: "kv1", Name: "s", Version: "v1"}, Reason: vault.Disabled, Message: "the secret is disabled", Err: cause})
	if want := "vault secret kv1/s/v1: Disabled: the secret is disabled"; err.Error() != want {
		t.Errorf("Error() = %q, want %q", err, want)
	}
	if !errors.Is(err, cause) {
		t.Error("the cause is lost")
	}
	if _, ok := vault.ReasonOf(cause); ok {
		t.Error("ReasonOf of a plain error: ok, want not")
	}
}
