// Package dir reads secrets from an exported snapshot of vaults on disk:
// <root>/<vault>/<secret>.json is what "az keyvault secret show -o json" prints
// or the body of the REST API, so an export of a real vault can be audited
// offline. A version that is asked for by name is looked for in
// <root>/<vault>/<secret>/<version>.json and then in the plain file. A file that
// "storewarden vault export" wrote may hold facts in the place of the value.
package dir

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/storewarden/storewarden/certs/vault"
)

// maxFile bounds a read: a secret's value has at most 25 KB.
const maxFile = 1 << 20

// Reader reads from one root folder. Files are read at each Get, so a snapshot
// may be renewed under it.
type Reader struct{ root string }

// New returns a Reader of the vaults under the root folder.
func New(root string) (*Reader, error) {
	info, err := os.Stat(root)
	if err != nil {
		return nil, fmt.Errorf("open vault folder: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("open vault folder: %s is not a folder", root)
	}
	return &Reader{root: root}, nil
}

// Get reads one secret. A missing file is NotFound and a missing vault folder
// Unreachable; a file that cannot be read or understood is a plain error that
// names it.
func (r *Reader) Get(ctx context.Context, ref vault.Ref) (vault.Secret, error) {
	if err := vault.Check(ref); err != nil {
		return vault.Secret{}, err
	}
	if err := vault.Ended(ctx, ref); err != nil {
		return vault.Secret{}, err
	}
	folder, err := find(r.root, ref.Vault)
	if errors.Is(err, fs.ErrNotExist) {
		return vault.Secret{}, &vault.Error{Ref: ref, Reason: vault.Unreachable, Message: "the snapshot has no folder for this vault"}
	}
	if err != nil {
		return vault.Secret{}, fmt.Errorf("get vault secret %s: %w", ref, err)
	}
	secret, err := r.read(folder, ref)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := find(filepath.Join(folder, trash), ref.Name+".json"); err == nil {
			return vault.Secret{}, &vault.Error{Ref: ref, Reason: vault.SoftDeleted, Message: "the secret is deleted, and can be recovered"}
		}
		return vault.Secret{}, &vault.Error{Ref: ref, Reason: vault.NotFound, Message: missing(ref)}
	}
	if err != nil {
		return vault.Secret{}, fmt.Errorf("get vault secret %s: %w", ref, err)
	}
	if !secret.Enabled {
		return vault.Secret{}, &vault.Error{Ref: ref, Reason: vault.Disabled, Message: "the secret is disabled"}
	}
	return secret, nil
}

func missing(ref vault.Ref) string {
	if ref.Version != "" {
		return "the snapshot has no such version of the secret"
	}
	return "the snapshot has no secret of this name"
}

// read returns fs.ErrNotExist for what is not there.
func (r *Reader) read(folder string, ref vault.Ref) (vault.Secret, error) {
	if ref.Version != "" {
		secret, err := readVersion(folder, ref)
		if !errors.Is(err, fs.ErrNotExist) {
			return secret, err
		}
	}
	path, err := find(folder, ref.Name+".json")
	if err != nil {
		return vault.Secret{}, err
	}
	secret, err := readFile(path, ref)
	if err == nil && ref.Version != "" && !strings.EqualFold(ref.Version, secret.Version) {
		return vault.Secret{}, fs.ErrNotExist
	}
	return secret, err
}

func readVersion(folder string, ref vault.Ref) (vault.Secret, error) {
	versions, err := find(folder, ref.Name)
	if err != nil {
		return vault.Secret{}, err
	}
	path, err := find(versions, ref.Version+".json")
	if err != nil {
		return vault.Secret{}, err
	}
	secret, err := readFile(path, ref)
	if secret.Version == "" {
		secret.Version = ref.Version // the file's name says it
	}
	return secret, err
}

// find returns the path of an entry by its name in any case, as vaults and
// secrets are named in Azure. The exact name comes first, and is the cheap way.
func find(folder, name string) (string, error) {
	path := filepath.Join(folder, name)
	_, err := os.Stat(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return path, err
	}
	entries, err := os.ReadDir(folder) // sorted
	if err != nil {
		return "", err
	}
	n := slices.IndexFunc(entries, func(e fs.DirEntry) bool { return strings.EqualFold(e.Name(), name) })
	if n < 0 {
		return "", fs.ErrNotExist
	}
	return filepath.Join(folder, entries[n].Name()), nil
}

func readFile(path string, ref vault.Ref) (vault.Secret, error) {
	f, err := os.Open(path)
	if err != nil {
		return vault.Secret{}, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return vault.Secret{}, err
	}
	if len(data) > maxFile {
		return vault.Secret{}, fmt.Errorf("%s: larger than any secret (%d bytes)", path, maxFile)
	}
	secret, err := parse(data, ref)
	if err != nil {
		return vault.Secret{}, fmt.Errorf("%s: %w", path, err)
	}
	return secret, nil
}
