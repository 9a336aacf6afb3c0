package dir

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/fsnotify/fsnotify"
)

// Watch calls changed whenever anything under the root changes, until the context
// ends. A mounted ConfigMap, which is replaced by a rename, counts.
func (r *Reader) Watch(ctx context.Context, changed func()) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch vault folder: %w", err)
	}
	defer w.Close()
	if err := watchFolders(w, r.root); err != nil {
		return fmt.Errorf("watch vault folder: %w", err)
	}
	changed() // between the first read and the first watch
	for {
		select {
		case <-ctx.Done():
			return nil
		case e, ok := <-w.Events:
			if !ok {
				return nil
			}
			if e.Has(fsnotify.Create) || e.Has(fsnotify.Rename) || e.Has(fsnotify.Remove) {
				_ = watchFolders(w, r.root) // a folder may have gone again
			}
			changed()
		case _, ok := <-w.Errors: // events were lost
			if !ok {
				return nil
			}
			if err := watchFolders(w, r.root); err != nil {
				return fmt.Errorf("watch vault folder: %w", err)
			}
			changed()
		}
	}
}

// watchFolders watches the root, its vaults and their secrets' versions. To watch
// one twice is no error.
func watchFolders(w *fsnotify.Watcher, root string) error {
	resolved, err := filepath.EvalSymlinks(root)
	if err != nil {
		return err
	}
	if err := w.Add(root); err != nil {
		return err
	}
	return filepath.WalkDir(resolved, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil //nolint:nilerr // gone again
		case d.IsDir():
			return w.Add(path)
		case d.Type()&fs.ModeSymlink != 0:
			return w.Add(path) // follows a link to a folder
		}
		return nil
	})
}
