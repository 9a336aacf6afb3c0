// Package vault is the port to a key vault: a Ref goes in, a Secret comes out,
// or an *Error with one of a closed list of reasons. The value of a secret
// lives in a type that prints REDACTED in every format. Adapters are in azure
// (the real Key Vault) and dir (an exported snapshot on disk); package
// vaulttest holds the contract that every adapter passes.
package vault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Ref names one secret of one vault.
type Ref struct {
	Vault   string // the bare vault name, as in keyvaultName
	Name    string // the secret's name, case-insensitive
	Version string // "" is the latest
	// Cloud is the sovereign cloud that the vault is in, as cloudName has it; "" is
	// the public one, or whatever the reader is set up for.
	Cloud string
	// As is who reads it.
	As Identity
}

// Identity is as whom a secret is read. The zero Identity is the reader's own; any
// other is that of a SecretProviderClass, reached by the token of a Kubernetes
// service account that it trusts.
type Identity struct {
	ClientID, Tenant          string
	Namespace, ServiceAccount string
}

// String is namespace/serviceaccount, or self.
func (i Identity) String() string {
	if i == (Identity{}) {
		return "self"
	}
	return i.Namespace + "/" + i.ServiceAccount
}

// InVault is the vault of a reference alone, as its identity sees it.
func (r Ref) InVault() Ref { return Ref{Vault: r.Vault, Cloud: r.Cloud, As: r.As} }

// String is vault/secret or vault/secret/version.
func (r Ref) String() string {
	if r.Version == "" {
		return r.Vault + "/" + r.Name
	}
	return r.Vault + "/" + r.Name + "/" + r.Version
}

// Secret is one version of a vault secret.
type Secret struct {
	Ref         Ref    // as asked
	Version     string // as answered
	Value       Value
	ContentType string // free text, a hint only
	Tags        map[string]string
	Enabled     bool
	Expires     time.Time // zero when absent; informational, a get still works
	NotBefore   time.Time
	Created     time.Time
	Updated     time.Time
	// KeyID is set when the secret backs a certificate resource; so is Managed.
	KeyID   string
	Managed bool
	// Facts is what an export without values says of the value instead, as package
	// warm wrote it; nil where the value is there.
	Facts json.RawMessage
}

// Reader reads secrets. Get returns an error that wraps *Error whenever the
// trouble lies outside this process; any other error means that we are broken.
// It is safe for concurrent use and obeys the context's deadline.
type Reader interface {
	Get(ctx context.Context, ref Ref) (Secret, error)
}

// Properties is what a listing tells of a secret's latest version; it tells neither
// its value nor which version it is.
type Properties struct {
	Name    string
	Enabled bool
	Updated time.Time // whole seconds
	Managed bool
	Tags    map[string]string
}

// Lister lists what a vault holds, disabled secrets too. Many vaults are read by
// an identity that may get secrets and not list them.
type Lister interface {
	// List begins a listing of the reference's vault; it makes no call.
	List(of Ref) Pages
}

// Pages are the pages of a listing, in order; a page may be empty.
type Pages interface {
	// Next reads one page with one call, and tells whether another follows. Its
	// error is like Reader's, with a Ref that names the vault only.
	Next(ctx context.Context) (page []Properties, more bool, err error)
}

// Reason is why a secret could not be seen.
type Reason string

// The closed list of reasons.
const (
	NotFound        Reason = "NotFound"
	SoftDeleted     Reason = "SoftDeleted"
	Disabled        Reason = "Disabled"
	Forbidden       Reason = "Forbidden"
	Firewall        Reason = "Firewall"
	WrongTenant     Reason = "WrongTenant"
	TokenFailed     Reason = "TokenFailed"
	NameNotResolved Reason = "NameNotResolved"
	TLS             Reason = "TLS"
	Timeout         Reason = "Timeout"
	Throttled       Reason = "Throttled"
	Unreachable     Reason = "Unreachable"
	ServerError     Reason = "ServerError"
	NotAllowed      Reason = "NotAllowed"
)

// Reasons lists every reason, for schemas, metrics and tests.
func Reasons() []Reason {
	return []Reason{NotFound, SoftDeleted, Disabled, Forbidden, Firewall, WrongTenant, TokenFailed,
		NameNotResolved, TLS, Timeout, Throttled, Unreachable, ServerError, NotAllowed}
}

// Error is a vault that did not answer with a secret. Message is for people
// and never holds a secret value.
type Error struct {
	Ref    Ref
	Reason Reason
	// Code is the service's own word for it, such as ForbiddenByRbac or
	// AADSTS700016; "" where it has none.
	Code       string
	Message    string
	RetryAfter time.Duration // as the vault asked, 0 when it did not
	Err        error         // the cause, may be nil
}

func (e *Error) Error() string {
	return fmt.Sprintf("vault secret %s: %s: %s", e.Ref, e.Reason, e.Message)
}

func (e *Error) Unwrap() error { return e.Err }

// ReasonOf tells the reason an error carries; ok is false for an error of ours.
func ReasonOf(err error) (reason Reason, ok bool) {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason, true
	}
	return "", false
}

// Value is a secret value. It prints REDACTED in every format; Reveal is the
// one way to its text. The text is held in a closure because package fmt skips
// a type's own methods when verb and value do not fit (%p, or %s of a pointer
// to a struct that holds one) and prints its fields by reflection instead,
// which sees no more of a function than its address.
type Value struct{ text func() string }

// NewValue wraps a secret text.
func NewValue(text string) Value { return Value{text: func() string { return text }} }

// Reveal returns the text. Callers decode it and let it go: it must never
// reach a log, an error or a finding.
func (v Value) Reveal() string {
	if v.text == nil {
		return ""
	}
	return v.text()
}

// Equal compares texts; == does not compile on a Value.
func (v Value) Equal(other Value) bool { return v.Reveal() == other.Reveal() }

const redacted = "REDACTED"

func (Value) String() string               { return redacted }
func (Value) GoString() string             { return redacted }
func (Value) Format(f fmt.State, _ rune)   { _, _ = f.Write([]byte(redacted)) }
func (Value) MarshalJSON() ([]byte, error) { return json.Marshal(redacted) }
func (Value) MarshalText() ([]byte, error) { return []byte(redacted), nil }
func (Value) LogValue() slog.Value         { return slog.StringValue(redacted) }
