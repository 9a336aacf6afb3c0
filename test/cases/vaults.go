package cases

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/storewarden/storewarden/test/keyvault"
)

// Vaults are the secrets of a case by vault and name.
type Vaults map[string]map[string]Secret

// Secret is one vault secret.
type Secret struct {
	// Content names what it holds, Encoding how it was stored.
	Content     string            `yaml:"content"`
	Encoding    string            `yaml:"encoding"`
	ContentType string            `yaml:"contentType"`
	Tags        map[string]string `yaml:"tags"`
	Disabled    bool              `yaml:"disabled"`
	// Expires and NotBefore are attributes of the secret.
	Expires   time.Time `yaml:"expires"`
	NotBefore time.Time `yaml:"notBefore"`
	// Deleted is soft-deleted, which an export cannot show.
	Deleted bool `yaml:"deleted"`
	// Certificate is whether it backs a certificate resource.
	Certificate bool `yaml:"certificate"`
}

func (v Vaults) check() error {
	for name, secrets := range v {
		for secret, s := range secrets {
			if _, err := value(s.Encoding, s.Content); err != nil {
				return fmt.Errorf("%s/%s: %w", name, secret, err)
			}
		}
	}
	return nil
}

// version is of every secret; one is enough for a case.
const version = "0123456789abcdef0123456789abcdef"

func keyID(vault, name string) string {
	return "https://" + vault + ".vault.azure.net/keys/" + name + "/" + version
}

// Seed puts the secrets of the case into an emulator.
func (c *Case) Seed(s *keyvault.Server) error {
	for name, secrets := range c.Vaults {
		v := s.Vault(name)
		if f, ok := c.fault(name); ok && f.answer.Status != 0 {
			v.Fail(f.answer)
		}
		for secret, x := range secrets {
			value, err := value(x.Encoding, x.Content)
			if err != nil {
				return err
			}
			out := keyvault.Secret{Value: value, ContentType: x.ContentType, Tags: x.Tags, Disabled: x.Disabled,
				Exp: x.Expires, Nbf: x.NotBefore, Created: c.Now, Updated: c.Now, Version: version}
			if x.Certificate {
				out.Managed, out.KID = true, keyID(name, secret)
			}
			v.Set(secret, out)
			if x.Deleted {
				v.Delete(secret)
			}
		}
	}
	return nil
}

// Write puts the case into a folder as files: manifests/ and vault/, the latter
// as "az keyvault secret show" would have exported it.
func (c *Case) Write(folder string) error {
	for name, raw := range map[string][]byte{"manifests/objects.yaml": c.Objects} {
		if err := writeFile(filepath.Join(folder, name), raw); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Join(folder, "vault"), 0o755); err != nil {
		return fmt.Errorf("write case: %w", err)
	}
	for _, vault := range slices.Sorted(maps.Keys(c.Vaults)) {
		at := filepath.Join(folder, "vault", vault)
		if err := os.MkdirAll(at, 0o755); err != nil { // an empty vault is one too
			return fmt.Errorf("write case: %w", err)
		}
		for name, s := range c.Vaults[vault] {
			if s.Deleted {
				continue
			}
			raw, err := s.export(vault, name)
			if err != nil {
				return err
			}
			if err := writeFile(filepath.Join(at, name+".json"), raw); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s Secret) export(vault, name string) ([]byte, error) {
	v, err := value(s.Encoding, s.Content)
	if err != nil {
		return nil, err
	}
	attributes := map[string]any{"enabled": !s.Disabled}
	for name, t := range map[string]time.Time{"expires": s.Expires, "notBefore": s.NotBefore} {
		if !t.IsZero() {
			attributes[name] = t.Format(time.RFC3339)
		}
	}
	out := map[string]any{
		"id":    "https://" + vault + ".vault.azure.net/secrets/" + name + "/" + version,
		"value": v, "contentType": s.ContentType, "tags": s.Tags,
		"attributes": attributes,
	}
	if s.Certificate {
		out["managed"], out["kid"] = true, keyID(vault, name)
	}
	raw, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("export %s/%s: %w", vault, name, err)
	}
	return append(raw, '\n'), nil
}

func writeFile(name string, raw []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return fmt.Errorf("write case: %w", err)
	}
	if err := os.WriteFile(name, raw, 0o644); err != nil {
		return fmt.Errorf("write case: %w", err)
	}
	return nil
}
