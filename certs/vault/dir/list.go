package dir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/storewarden/storewarden/certs/vault"
)

// List begins a listing of a vault's folder.
func (r *Reader) List(of vault.Ref) vault.Pages { return &pages{reader: r, ref: of.InVault()} }

type pages struct {
	reader *Reader
	ref    vault.Ref
}

// Next reads all of the folder as one page. A file that cannot be understood
// ends the listing with its error.
func (p *pages) Next(ctx context.Context) ([]vault.Properties, bool, error) {
	if err := vault.Ended(ctx, p.ref); err != nil {
		return nil, false, err
	}
	if !vault.ValidVault(p.ref.Vault) {
		return nil, false, &vault.Error{Ref: p.ref, Reason: vault.NotFound, Message: "the vault's name is not one Key Vault allows"}
	}
	folder, err := find(p.reader.root, p.ref.Vault)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, &vault.Error{Ref: p.ref, Reason: vault.Unreachable, Message: "the snapshot has no folder for this vault"}
	}
	if err != nil {
		return nil, false, fmt.Errorf("list vault %s: %w", p.ref.Vault, err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, false, fmt.Errorf("list vault %s: %w", p.ref.Vault, err)
	}
	page := []vault.Properties{}
	for _, e := range entries {
		name, isSecret := strings.CutSuffix(e.Name(), ".json")
		if e.IsDir() || !isSecret || !vault.ValidSecret(name) {
			continue
		}
		s, err := readFile(filepath.Join(folder, e.Name()), vault.Ref{Vault: p.ref.Vault, Name: name})
		if err != nil {
			return nil, false, fmt.Errorf("list vault %s: %w", p.ref.Vault, err)
		}
		page = append(page, vault.Properties{Name: name, Enabled: s.Enabled, Updated: s.Updated, Managed: s.Managed || s.KeyID != "", Tags: s.Tags})
	}
	return page, false, nil
}
