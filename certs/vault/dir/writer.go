package dir

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/storewarden/storewarden/certs/vault"
)

// trash is the folder of a vault's deleted secrets; no secret can have its name.
const trash = ".deleted"

// Writer is a Reader of a snapshot that it also changes, as a vault would be: older
// versions stay, and what is deleted can be recovered until it is purged. It is for one
// process at a time.
type Writer struct {
	*Reader
	now func() time.Time
}

// NewWriter changes the snapshot of a reader.
func NewWriter(r *Reader, now func() time.Time) *Writer { return &Writer{r, now} }

// Set adds a version of a secret.
func (w *Writer) Set(ctx context.Context, ref vault.Ref, draft vault.Draft) (vault.Secret, error) {
	folder, err := w.folder(ctx, ref)
	if err != nil {
		return vault.Secret{}, err
	}
	if _, err := find(filepath.Join(folder, trash), ref.Name+".json"); err == nil {
		return vault.Secret{}, &vault.Error{Ref: ref, Reason: vault.SoftDeleted, Code: vault.DeletedButRecoverable,
			Message: "a secret of this name is deleted, and keeps the name until it is recovered or purged"}
	}
	at, version := w.now().UTC().Truncate(time.Second), make([]byte, 16)
	_, _ = rand.Read(version) // it never fails
	s := vault.Secret{Ref: vault.Ref{Vault: filepath.Base(folder), Name: ref.Name}, Version: hex.EncodeToString(version), Value: draft.Value,
		ContentType: draft.ContentType, Tags: draft.Tags, Enabled: true, Expires: draft.Expires.Truncate(time.Second), NotBefore: draft.NotBefore.Truncate(time.Second), Created: at, Updated: at}
	if path, err := find(folder, ref.Name+".json"); err == nil {
		if err := w.keep(path, ref); err != nil {
			return vault.Secret{}, fmt.Errorf("keep the older version of vault secret %s: %w", ref, err)
		}
		s.Ref.Name = strings.TrimSuffix(filepath.Base(path), ".json") // in the case that it has there
	}
	if _, err := Write(w.root, s); err != nil {
		return vault.Secret{}, err
	}
	s.Ref = ref
	return s, nil
}

// keep puts the latest version beside the older ones.
func (w *Writer) keep(path string, ref vault.Ref) error {
	old, err := readFile(path, ref)
	if err != nil || old.Version == "" {
		return err
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return replace(filepath.Join(strings.TrimSuffix(path, ".json"), old.Version+".json"), raw)
}

// folder is that of a vault that may be written.
func (w *Writer) folder(ctx context.Context, ref vault.Ref) (string, error) {
	if err := vault.Check(ref); err != nil {
		return "", err
	}
	if err := vault.Ended(ctx, ref); err != nil {
		return "", err
	}
	folder, err := find(w.root, ref.Vault)
	if errors.Is(err, fs.ErrNotExist) {
		return "", &vault.Error{Ref: ref, Reason: vault.Unreachable, Message: "the snapshot has no folder for this vault"}
	}
	return folder, err
}

// Delete makes a secret recoverable only.
func (w *Writer) Delete(ctx context.Context, ref vault.Ref) error {
	folder, err := w.folder(ctx, ref)
	if err != nil {
		return err
	}
	if _, err := find(folder, ref.Name+".json"); errors.Is(err, fs.ErrNotExist) {
		_, err := w.Get(ctx, ref) // it tells which of the two it is
		return err
	}
	return move(folder, filepath.Join(folder, trash), ref)
}

// Recover brings a deleted secret back.
func (w *Writer) Recover(ctx context.Context, ref vault.Ref) error {
	folder, err := w.folder(ctx, ref)
	if err != nil {
		return err
	}
	return move(filepath.Join(folder, trash), folder, ref)
}

// Purge ends a deleted secret for good.
func (w *Writer) Purge(ctx context.Context, ref vault.Ref) error {
	folder, err := w.folder(ctx, ref)
	if err != nil {
		return err
	}
	gone := filepath.Join(folder, trash)
	path, err := find(gone, ref.Name+".json")
	if err != nil {
		return notDeleted(ref, err)
	}
	if versions, err := find(gone, ref.Name); err == nil {
		if err := os.RemoveAll(versions); err != nil {
			return fmt.Errorf("purge vault secret %s: %w", ref, err)
		}
	}
	return os.Remove(path)
}

// move takes a secret with its versions from one folder to another, its latest last: that
// is where it is.
func move(from, to string, ref vault.Ref) error {
	path, err := find(from, ref.Name+".json")
	if err != nil {
		return notDeleted(ref, err)
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return fmt.Errorf("move vault secret %s: %w", ref, err)
	}
	if versions, err := find(from, ref.Name); err == nil {
		if err := os.Rename(versions, filepath.Join(to, filepath.Base(versions))); err != nil {
			return fmt.Errorf("move vault secret %s: %w", ref, err)
		}
	}
	return os.Rename(path, filepath.Join(to, filepath.Base(path)))
}

func notDeleted(ref vault.Ref, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("vault secret %s: %w", ref, err)
	}
	return &vault.Error{Ref: ref, Reason: vault.NotFound, Message: "no secret of this name is deleted"}
}
