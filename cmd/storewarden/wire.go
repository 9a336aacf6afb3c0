package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

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

// newReviewer wires the one judge from the configuration. allowed limits which
// vaults a namespace may have looked into; nil is for a person's own rights.
func newReviewer(c config.Config, e *engine.Engine, memory review.Vault, allowed func(namespace, vault string) bool) (*review.Reviewer, error) {
	return review.New(review.Options{Engine: e, Inventory: c.Inventory(), Vault: memory, Allowed: allowed, Profile: c.Profile,
		Severities: c.Severities, Exceptions: c.Exceptions, ExpiryWarning: time.Duration(c.Expiry.WarnDays) * 24 * time.Hour})
}

// patient is the memory of a command that a person runs: it asks for as many
// secrets as there are.
func patient() warm.Options { return warm.Options{ColdLimit: math.MaxInt} }

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

// newVault opens the vault of the configuration; nil for none.
func newVault(c config.Vault) (backend, error) {
	switch c.Kind {
	case config.VaultDir:
		r, err := dir.New(c.Path)
		if err != nil {
			return nil, err
		}
		return r, nil
	case config.VaultAzure:
		return newAzure(c)
	}
	return nil, nil
}

func newAzure(c config.Vault) (backend, error) {
	pool, err := authorities(c.CAFile)
	if err != nil {
		return nil, err
	}
	options := azidentity.DefaultAzureCredentialOptions{}
	if pool != nil {
		// An endpoint with an authority of its own is a private cloud or an
		// emulator: its login is there too, and unknown to Microsoft's directory.
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
		options.ClientOptions = azcore.ClientOptions{Transport: &http.Client{Transport: transport}}
		options.DisableInstanceDiscovery = true
	}
	credential, err := azidentity.NewDefaultAzureCredential(&options)
	if err != nil {
		return nil, fmt.Errorf("azure identity: %w", err)
	}
	r, err := azure.New(azure.Options{Endpoint: c.Endpoint, Credential: credential, CA: pool})
	if err != nil {
		return nil, err
	}
	return r, nil
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
