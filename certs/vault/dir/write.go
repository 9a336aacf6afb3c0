package dir

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/storewarden/storewarden/certs/vault"
)

// written is a file as Write makes it, in the form of the az CLI.
type written struct {
	ID          string            `json:"id"`
	Name        string            `json:"name"`
	ContentType string            `json:"contentType,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`
	KeyID       string            `json:"kid,omitempty"`
	Managed     bool              `json:"managed,omitempty"`
	Attributes  attributes        `json:"attributes"`
	Value       *string           `json:"value,omitempty"`
	Facts       json.RawMessage   `json:"facts,omitempty"`
}

type attributes struct {
	Enabled   bool      `json:"enabled"`
	Created   time.Time `json:"created,omitzero"`
	Updated   time.Time `json:"updated,omitzero"`
	Expires   time.Time `json:"expires,omitzero"`
	NotBefore time.Time `json:"notBefore,omitzero"`
}

// Write puts a secret under the root, as Reader finds it: as the latest, or under
// its version where the reference names one. A secret with facts is written without
// its value. The file is whole or not there, and for its owner alone.
func Write(root string, s vault.Secret) (path string, err error) {
	if err := vault.Check(s.Ref); err != nil {
		return "", err
	}
	w := written{ID: "https://" + strings.ToLower(s.Ref.Vault) + ".vault.azure.net/secrets/" + s.Ref.Name + "/" + s.Version, Name: s.Ref.Name,
		ContentType: s.ContentType, Tags: s.Tags, KeyID: s.KeyID, Managed: s.Managed, Facts: s.Facts,
		Attributes: attributes{s.Enabled, s.Created, s.Updated, s.Expires, s.NotBefore}}
	if s.Facts == nil && s.Enabled {
		text := s.Value.Reveal()
		w.Value = &text
	}
	raw, err := json.MarshalIndent(w, "", "  ")
	if err != nil {
		return "", fmt.Errorf("write vault secret %s: its facts cannot be written", s.Ref)
	}
	path = filepath.Join(root, strings.ToLower(s.Ref.Vault), s.Ref.Name+".json")
	if s.Ref.Version != "" {
		path = filepath.Join(root, strings.ToLower(s.Ref.Vault), s.Ref.Name, s.Ref.Version+".json")
	}
	if err := replace(path, append(raw, '\n')); err != nil {
		return "", fmt.Errorf("write vault secret %s: %w", s.Ref, err)
	}
	return path, nil
}

// replace writes a file beside the old one and then takes its place.
func replace(path string, raw []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // it is gone where all went well
	if _, err := f.Write(raw); err != nil {
		_ = f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
