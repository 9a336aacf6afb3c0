// Package config turns defaults, a file, the environment and flags into one
// validated struct. Every mistake is reported at once, with its line; a key that
// is not known is a mistake. Nothing below cmd reads the environment.
package config

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/input"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/webhook"
)

// Example is a complete, commented configuration with every default.
//
//go:embed example.yaml
var Example string

// Config is everything that can be set.
type Config struct {
	// Namespaces is where connectors run; the first holds the reserved stores.
	Namespaces []string                    `yaml:"namespaces"`
	Vault      Vault                       `yaml:"vault"`
	Profile    engine.Profile              `yaml:"profile"`
	Severities map[string]verdict.Severity `yaml:"severities"`
	Connector  Connector                   `yaml:"connector"`
	Expiry     Expiry                      `yaml:"expiry"`
	Actors     []webhook.Profile           `yaml:"actors"`
	Exceptions []review.Exception          `yaml:"exceptions"`
	References References                  `yaml:"references"`
	Policies   []string                    `yaml:"policies"` // folders of rules of the user's own
	Stores     []store.Named               `yaml:"stores"`
	Webhook    Webhook                     `yaml:"webhook"`
	Sync       Sync                        `yaml:"sync"`
	Rounds     Rounds                      `yaml:"rounds"`
}

// VaultKind is where vault secrets are read.
type VaultKind string

// The closed list of vault kinds.
const (
	VaultNone  VaultKind = "none"
	VaultAzure VaultKind = "azure"
	VaultDir   VaultKind = "dir"
)

// Identity is as whom vault secrets are read.
type Identity string

// The closed list of identities.
const (
	IdentitySelf           Identity = "self"
	IdentityServiceAccount Identity = "serviceaccount"
)

// Vault says where vault secrets are read, and which vaults may be.
type Vault struct {
	Kind     VaultKind `yaml:"kind"`
	Path     string    `yaml:"path"`     // of kind dir
	Endpoint string    `yaml:"endpoint"` // with {vault} in it
	CAFile   string    `yaml:"caFile"`
	Identity Identity  `yaml:"identity"`
	// ServiceAccount is whose token is exchanged for a SecretProviderClass that no
	// SecretSync with an account of its own uses, where Identity is serviceaccount.
	ServiceAccount string `yaml:"serviceAccount"`
	// Allowed lists the vaults that each namespace may have looked into; a * is a
	// wildcard. In a cluster an empty list means that no vault is called.
	Allowed map[string][]string `yaml:"allowed"`
	// Refresh is the time between two looks at what SecretProviderClasses refer to;
	// UsableFor is how old what is known may be while a vault does not answer.
	Refresh   time.Duration `yaml:"refresh"`
	UsableFor time.Duration `yaml:"usableFor"`
	// Budget is the most calls to one vault in 10 seconds.
	Budget int `yaml:"budget"`
}

// Connector mirrors the settings of the connector for OPC UA.
type Connector struct {
	MinimumCertificateKeySize     int  `yaml:"minimumCertificateKeySize"`
	RejectSHA1SignedCertificates  bool `yaml:"rejectSha1SignedCertificates"`
	RejectUnknownRevocationStatus bool `yaml:"rejectUnknownRevocationStatus"`
	SendCertificateChain          bool `yaml:"sendCertificateChain"`
	// SubjectName and ApplicationURI are the connector's own, "" where unknown.
	SubjectName    string `yaml:"subjectName"`
	ApplicationURI string `yaml:"applicationUri"`
}

// Expiry says how early an end is announced.
type Expiry struct {
	WarnDays int `yaml:"warnDays"`
}

// References names what lives where Storewarden does not look.
type References struct {
	External []string `yaml:"external"`
}

// Default is the configuration without a file. It equals Example.
func Default() Config {
	d := input.DefaultConfig()
	return Config{
		Namespaces: []string{"azure-iot-operations"},
		Vault: Vault{Kind: VaultNone, Endpoint: "https://{vault}.vault.azure.net", Identity: IdentitySelf, ServiceAccount: "aio-ssc-sa", Allowed: map[string][]string{},
			Refresh: 5 * time.Minute, UsableFor: time.Hour, Budget: 400},
		Profile:    engine.Standard,
		Severities: map[string]verdict.Severity{},
		Connector: Connector{d.MinimumCertificateKeySize, d.RejectSHA1SignedCertificates,
			d.RejectUnknownRevocationStatus, d.SendCertificateChain, d.SubjectName, d.ApplicationURI},
		Expiry: Expiry{WarnDays: d.ExpiryWarningDays},
		Actors: []webhook.Profile{
			{Class: verdict.ControlLoop, Users: []string{"system:serviceaccount:kube-system:namespace-controller",
				"system:serviceaccount:kube-system:generic-garbage-collector", "system:kube-controller-manager"}, Mode: verdict.ModeWarn},
			{Class: verdict.GitOps, Users: []string{"system:serviceaccount:flux-system:*", "system:serviceaccount:argocd:*"}, Mode: verdict.ModeDeny},
			{Class: verdict.Syncer, Users: []string{"system:serviceaccount:*:secrets-store-sync-controller*", "system:serviceaccount:storewarden:storewarden-sync"}, Mode: verdict.ModeWarn, Stores: verdict.ModeQuarantine},
			{Class: verdict.Arc, Users: []string{"system:serviceaccount:azure-arc:*"}, Mode: verdict.ModeWarn},
			{Class: verdict.Unlisted, Users: []string{"system:serviceaccount:*"}, Mode: verdict.ModeWarn, Stores: verdict.ModeQuarantine},
		},
		Exceptions: []review.Exception{},
		References: References{External: d.External},
		Policies:   []string{},
		Stores:     []store.Named{},
		Webhook: Webhook{Host: "", Port: 9443, CertDir: "/etc/storewarden/tls", Timeout: 5 * time.Second,
			Health: ":8081", Metrics: ":8080", Debug: "0"},
		Sync:   Sync{ClusterResources: "cert-manager"},
		Rounds: Rounds{In: RoundsInSync, Reports: true},
	}
}

// Environment variables that override the file.
const (
	envProfile  = "STOREWARDEN_PROFILE"
	envKind     = "STOREWARDEN_VAULT_KIND"
	envEndpoint = "STOREWARDEN_VAULT_ENDPOINT"
	envCAFile   = "STOREWARDEN_VAULT_CA_FILE"
)

// Load reads a file over the defaults and the environment over the file; path
// "" means no file. The error lists every mistake.
func Load(path string, getenv func(string) string) (Config, error) {
	c := Default()
	if path != "" {
		raw, err := os.ReadFile(path)
		if err != nil {
			return c, fmt.Errorf("config: %w", err)
		}
		if err := c.read(path, raw); err != nil {
			return c, err
		}
	}
	for name, field := range map[string]*string{envProfile: (*string)(&c.Profile), envKind: (*string)(&c.Vault.Kind),
		envEndpoint: &c.Vault.Endpoint, envCAFile: &c.Vault.CAFile} {
		if v := getenv(name); v != "" {
			*field = v
		}
	}
	return c, c.Validate(path)
}

func (c *Config) read(path string, raw []byte) error {
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	err := dec.Decode(c)
	var many *yaml.TypeError
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err == nil:
		if !errors.Is(dec.Decode(new(yaml.Node)), io.EOF) {
			return fmt.Errorf("config %s: there is more than one YAML document; only one is read", path)
		}
		return nil
	case errors.As(err, &many):
		// The values that could be read are checked too, so that one run shows all.
		errs := []error{}
		for _, e := range many.Errors {
			errs = append(errs, fmt.Errorf("config %s: %s", path, strings.ReplaceAll(e, " in type config.", " is not known in ")))
		}
		return errors.Join(append(errs, c.Validate(path))...)
	}
	return fmt.Errorf("config %s: %w", path, err)
}

// Validate reports every value that cannot be used.
func (c Config) Validate(path string) error {
	if path == "" {
		path = "(defaults)"
	}
	var errs []error
	bad := func(field, format string, args ...any) {
		errs = append(errs, fmt.Errorf("config %s: %s: %s", path, field, fmt.Sprintf(format, args...)))
	}
	if len(c.Namespaces) == 0 {
		bad("namespaces", "at least one namespace is needed, azure-iot-operations by default")
	}
	c.checkVault(bad)
	if !slices.Contains(engine.Profiles(), c.Profile) {
		bad("profile", "%q is none of observe, standard, strict", c.Profile)
	}
	for key, s := range c.Severities {
		if !slices.Contains(verdict.Severities(), s) {
			bad("severities."+key, "%q is none of deny, warn, info", s)
		}
	}
	if n := c.Connector.MinimumCertificateKeySize; !slices.Contains([]int{1024, 2048, 3072, 4096}, n) {
		bad("connector.minimumCertificateKeySize", "%d is none of 1024, 2048, 3072, 4096", n)
	}
	if c.Expiry.WarnDays < 0 {
		bad("expiry.warnDays", "must not be negative")
	}
	for i, a := range c.Actors {
		c.checkActor(fmt.Sprintf("actors[%d]", i), a, bad)
	}
	for i, x := range c.Exceptions {
		field := fmt.Sprintf("exceptions[%d]", i)
		if x.Code == "" || x.Reason == "" || x.Until.IsZero() {
			bad(field, "code, reason and until are needed: an exception without a reason and an end is a hole")
		}
		if _, err := filepath.Match(x.Name, ""); err != nil {
			bad(field+".name", "%q is not a pattern", x.Name)
		}
	}
	for i, s := range c.Stores {
		if s.Namespace == "" || s.Name == "" || !slices.Contains(store.Roles(), s.Role) {
			bad(fmt.Sprintf("stores[%d]", i), "namespace, name and one of the roles %v are needed", store.Roles())
		}
	}
	for i, dir := range c.Policies {
		if dir == "" {
			bad(fmt.Sprintf("policies[%d]", i), "the path of a folder is needed")
		}
	}
	c.checkServe(bad)
	return errors.Join(errs...)
}

func (c Config) checkVault(bad func(field, format string, args ...any)) {
	v := c.Vault
	switch v.Kind {
	case VaultNone:
	case VaultDir:
		if v.Path == "" {
			bad("vault.path", "is needed for vault.kind dir: the folder of an exported vault")
		}
	case VaultAzure:
		if !strings.HasPrefix(v.Endpoint, "https://") || !strings.Contains(v.Endpoint, "{vault}") {
			bad("vault.endpoint", "%q must begin with https:// and hold {vault}", v.Endpoint)
		}
	default:
		bad("vault.kind", "%q is none of none, azure, dir", v.Kind)
	}
	switch v.Identity {
	case IdentitySelf:
	case IdentityServiceAccount:
		if v.ServiceAccount == "" {
			bad("vault.serviceAccount", "is needed for vault.identity serviceaccount, aio-ssc-sa by default")
		}
	default:
		bad("vault.identity", "%q is none of self, serviceaccount", v.Identity)
	}
	if v.Refresh < 10*time.Second {
		bad("vault.refresh", "%s is less than 10s", v.Refresh)
	}
	if v.UsableFor < 4*v.Refresh {
		bad("vault.usableFor", "%s is less than four times vault.refresh: a single refresh that fails would make what is known unverified", v.UsableFor)
	}
	if v.Budget < 10 || v.Budget > 4000 {
		bad("vault.budget", "%d is not between 10 and 4000, what Key Vault answers in 10 seconds", v.Budget)
	}
	for ns, patterns := range v.Allowed {
		for _, p := range patterns {
			if _, err := filepath.Match(p, ""); err != nil {
				bad("vault.allowed."+ns, "%q is not a pattern", p)
			}
		}
	}
}

func (c Config) checkActor(field string, a webhook.Profile, bad func(field, format string, args ...any)) {
	classes := []verdict.Actor{verdict.Person, verdict.GitOps, verdict.Syncer, verdict.Arc, verdict.Unlisted, verdict.ControlLoop}
	modes := []verdict.Mode{verdict.ModeDeny, verdict.ModeQuarantine, verdict.ModeWarn}
	if !slices.Contains(classes, a.Class) {
		bad(field+".class", "%q is none of %v", a.Class, classes)
	}
	if !slices.Contains(modes, a.Mode) || a.Mode == verdict.ModeQuarantine {
		bad(field+".mode", "%q is none of deny, warn", a.Mode)
	}
	if a.Stores != "" && !slices.Contains(modes, a.Stores) {
		bad(field+".stores", "%q is none of %v", a.Stores, modes)
	}
	if len(a.Users)+len(a.Groups) == 0 {
		bad(field, "users or groups are needed")
	}
	for _, p := range slices.Concat(a.Users, a.Groups) {
		if _, err := filepath.Match(p, ""); err != nil {
			bad(field, "%q is not a pattern", p)
		}
	}
}

// Rules is what the rules may read of it.
func (c Config) Rules() input.Config {
	return input.Config{
		ExpiryWarningDays:             c.Expiry.WarnDays,
		MinimumCertificateKeySize:     c.Connector.MinimumCertificateKeySize,
		RejectSHA1SignedCertificates:  c.Connector.RejectSHA1SignedCertificates,
		RejectUnknownRevocationStatus: c.Connector.RejectUnknownRevocationStatus,
		SendCertificateChain:          c.Connector.SendCertificateChain,
		SubjectName:                   c.Connector.SubjectName,
		ApplicationURI:                c.Connector.ApplicationURI,
		External:                      c.References.External,
	}
}

// Inventory is which objects are stores.
func (c Config) Inventory() store.Inventory {
	return store.Inventory{Namespaces: c.Namespaces, Stores: c.Stores}
}

// AllowedVault tells whether a namespace may have a vault looked into.
func (c Config) AllowedVault(namespace, vault string) bool {
	for _, ns := range []string{namespace, "*"} {
		for _, p := range c.Vault.Allowed[ns] {
			if ok, err := filepath.Match(strings.ToLower(p), strings.ToLower(vault)); err == nil && ok {
				return true
			}
		}
	}
	return false
}
