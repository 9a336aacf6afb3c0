package vault

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Key Vault's own naming rules. A version of the real service is 32 hex
// digits; exported snapshots may use other labels, so only its alphabet and
// length are held.
var (
	vaultName   = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]$`)
	secretName  = regexp.MustCompile(`^[0-9a-zA-Z-]{1,127}$`)
	versionName = regexp.MustCompile(`^[0-9a-zA-Z]{1,64}$`)
)

// ValidVault reports whether Key Vault would allow the name for a vault.
func ValidVault(name string) bool {
	return vaultName.MatchString(name) && !strings.Contains(name, "--")
}

// ValidSecret reports whether Key Vault would allow the name for a secret.
func ValidSecret(name string) bool { return secretName.MatchString(name) }

// Check returns an *Error of reason NotFound when no vault can hold the
// reference, nil otherwise. Every adapter calls it before it builds a URL or a
// path from the parts: an empty secret name would turn a read of one secret
// into a listing, and a name with a slash would leave its folder.
func Check(ref Ref) error {
	var what string
	switch {
	case !ValidVault(ref.Vault):
		what = "the vault's name is not one Key Vault allows (3 to 24 letters, digits and single hyphens, a letter first)"
	case !ValidSecret(ref.Name):
		what = "the secret's name is not one Key Vault allows (1 to 127 letters, digits and hyphens)"
	case ref.Version != "" && !versionName.MatchString(ref.Version):
		what = "the version is not one Key Vault gives (32 hex digits)"
	default:
		return nil
	}
	return &Error{Ref: ref, Reason: NotFound, Message: what}
}

// Ended is the error of a read that its context ended: Timeout when the
// deadline passed, since the vault was too slow; a plain error when the caller
// went away, since that says nothing about the vault. It is nil while the
// context lives.
func Ended(ctx context.Context, ref Ref) error {
	err := ctx.Err()
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{Ref: ref, Reason: Timeout, Message: "no answer within the time allowed", Err: err}
	default:
		return fmt.Errorf("get vault secret %s: %w", ref, err)
	}
}
