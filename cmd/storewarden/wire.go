package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/azure"
	"github.com/storewarden/storewarden/certs/vault/dir"
	"github.com/storewarden/storewarden/certs/vault/warm"
	"github.com/storewarden/storewarden/cmd/internal/config"
	"github.com/storewarden/storewarden/policies"
	"github.com/storewarden/storewarden/policies/custom"
	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/review"
)

// readEngine compiles the embedded rules and those of the configured folders.
func readEngine(c config.Config) (*engine.Engine, error) {
	own, err := custom.Read(c.Policies...)
	if err != nil {
		return nil, err
	}
	return newEngine(c, own)
}

// newEngine compiles the embedded rules and a user's own.
func newEngine(c config.Config, own []engine.File) (*engine.Engine, error) {
	e, err := engine.New(engine.Options{Config: c.Rules(), Custom: own}, policies.Files)
	if err != nil {
		return nil, err
	}
	return e, checkCodes(c, e)
}

// backend is a vault that is read, and can be listed.
type backend interface {
	vault.Reader
	vault.Lister
}

// newMemory keeps what a vault said; nil for no vault.
func newMemory(reader vault.Reader, opt warm.Options) review.Vault {
	if reader == nil {
		return nil
	}
	return warm.New(reader, opt)
}

// newReviewer wires the one judge from the configuration. A server looks only into
// the vaults that a namespace is allowed, and as whom the configuration says; a
// person into all, with their own rights.
func newReviewer(c config.Config, e *engine.Engine, memory review.Vault, server bool) (*review.Reviewer, error) {
	return review.New(reviewOptions(c, e, memory, server))
}

func reviewOptions(c config.Config, e *engine.Engine, memory review.Vault, server bool) review.Options {
	var allowed func(namespace, vault string) bool
	if server {
		allowed = c.AllowedVault
	}
	return review.Options{Engine: e, Inventory: c.Inventory(), Vault: memory, Allowed: allowed, Identify: identify(c.Vault, server), Profile: c.Profile,
		Severities: c.Severities, Exceptions: c.Exceptions, ExpiryWarning: time.Duration(c.Expiry.WarnDays) * 24 * time.Hour}
}

// patient is the memory of a command that a person runs: it asks for as many
// secrets as there are.
func patient(c config.Vault) warm.Options {
	return warm.Options{ColdLimit: math.MaxInt, Budget: budget(c)}
}

// checkCodes refuses a severity or an exception for a code or a role that does
// not exist: it would silently do nothing.
func checkCodes(c config.Config, e *engine.Engine) error {
	var errs []error
	known := func(field, code string) {
		if _, ok := e.Rule(code); !ok {
			errs = append(errs, fmt.Errorf("config: %s: there is no rule %q; \"storewarden explain\" lists them", field, code))
		}
	}
	for key := range c.Severities {
		code, role, hasRole := strings.Cut(key, "/")
		known("severities."+key, code)
		if hasRole && !slices.Contains(store.Roles(), store.Role(role)) {
			errs = append(errs, fmt.Errorf("config: severities.%s: %q is none of %v", key, role, store.Roles()))
		}
	}
	for i, x := range c.Exceptions {
		known(fmt.Sprintf("exceptions[%d].code", i), x.Code)
	}
	return errors.Join(errs...)
}

// setVault puts a --vault flag over the configuration: none, azure or dir:PATH.
func setVault(c *config.Config, flag string) error {
	kind, path, _ := strings.Cut(flag, ":")
	switch {
	case kind == "dir" && path != "":
		c.Vault.Kind, c.Vault.Path = config.VaultDir, path
	case flag == "none":
		c.Vault.Kind = config.VaultNone
	case flag == "azure":
		c.Vault.Kind = config.VaultAzure
	default:
		return fmt.Errorf("--vault %q is none of none, azure, dir:PATH", flag)
	}
	return nil
}

// vaultOptions are what a server adds to its vault; a command's are empty.
type vaultOptions struct {
	accounts corev1client.ServiceAccountsGetter // for tokens of service accounts
	onToken  func(as vault.Identity, expires time.Time, err error)
}

// newVault opens the vault of the configuration; nil for none.
func newVault(c config.Vault, o vaultOptions) (backend, error) {
	switch c.Kind {
	case config.VaultDir:
		r, err := dir.New(c.Path)
		if err != nil {
			return nil, err
		}
		return r, nil
	case config.VaultAzure:
		return newAzure(c, o)
	}
	return nil, nil
}

func newAzure(c config.Vault, o vaultOptions) (backend, error) {
	pool, err := authorities(c.CAFile)
	if err != nil {
		return nil, err
	}
	creds, err := newCredentials(c, o.accounts)
	if err != nil {
		return nil, err
	}
	own, err := creds.make("", vault.Identity{})
	if err != nil {
		return nil, err
	}
	r, err := azure.New(azure.Options{Endpoint: c.Endpoint, Credential: own, CredentialFor: creds.make, OnToken: o.onToken, CA: pool})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// budget is how often a vault is asked: a folder of one's own as often as need be.
func budget(c config.Vault) int {
	if c.Kind == config.VaultDir {
		return math.MaxInt32
	}
	return c.Budget
}

// authorities reads a CA file; nil, for the system's, without one.
func authorities(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("vault.caFile: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(raw) {
		return nil, fmt.Errorf("vault.caFile %s: %w", path, errors.New("there is no PEM certificate in it"))
	}
	return pool, nil
}

// clock is the time of a --now flag, or the clock's.
func clock(flag string) (time.Time, error) {
	if flag == "" {
		return time.Now(), nil
	}
	t, err := time.Parse(time.RFC3339, flag)
	if err != nil {
		return t, fmt.Errorf("--now %q is not a time such as 2026-11-23T00:00:00Z", flag)
	}
	return t, nil
}
