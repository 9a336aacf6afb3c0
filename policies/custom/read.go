// Package custom is a user's own rules outside of the binary: read from folders,
// among them mounted ConfigMaps, watched for changes, and tested with the tests
// that stand beside them. What a rule must be, package engine says.
package custom

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/storewarden/storewarden/policies/engine"
)

// Limits of all folders together: four ConfigMaps at the 1 MiB that the API
// server takes, in files of 8 KiB. They keep a wrong path, such as /, from being
// read whole.
const (
	maxBytes = 4 << 20
	maxFiles = 512
	maxDepth = 8
)

// dataLink is what the kubelet replaces when a ConfigMap changes: the visible
// names of the mount lead through it to a hidden folder of that moment.
const dataLink = "..data"

// Read reads every .rego file under the folders, tests too, sorted by name.
// Hidden names are passed over, so that nothing of a mounted ConfigMap is read
// twice.
func Read(dirs ...string) ([]engine.File, error) {
	files, _, err := scan(dirs)
	return files, err
}

// scan also names the folders that were met, as far as it came.
func scan(dirs []string) (files []engine.File, met []string, err error) {
	r := reader{}
	for _, dir := range dirs {
		if err := r.whole(filepath.Clean(dir)); err != nil {
			return nil, r.dirs, fmt.Errorf("read policies: %w", err)
		}
	}
	slices.SortFunc(r.files, func(a, b engine.File) int { return strings.Compare(a.Name, b.Name) })
	for i := 1; i < len(r.files); i++ {
		if name := r.files[i].Name; name == r.files[i-1].Name {
			return nil, r.dirs, fmt.Errorf("read policies: %s is read twice; name each folder once, and none inside another", name)
		}
	}
	return r.files, r.dirs, nil
}

type reader struct {
	files []engine.File
	dirs  []string
	size  int64
}

// whole reads a folder again if a mounted ConfigMap was exchanged meanwhile: one
// file of the old and one of the new are a set that nobody wrote.
func (r *reader) whole(dir string) error {
	const exchanges = 3 // in a row are not an exchange but trouble
	before := *r
	var err error
	for range exchanges {
		*r = before
		link, _ := os.Readlink(filepath.Join(dir, dataLink)) // none but in a mount
		err = r.folder(dir, 0)
		if again, _ := os.Readlink(filepath.Join(dir, dataLink)); again == link {
			return err
		}
	}
	return errors.Join(err, fmt.Errorf("%s changes while it is read", dir))
}

func (r *reader) folder(dir string, depth int) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if depth > maxDepth {
		return fmt.Errorf("%s: folders are nested more than %d deep", dir, maxDepth)
	}
	r.dirs = append(r.dirs, dir)
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		info, err := os.Stat(path) // what a link leads to
		switch {
		case err != nil && strings.HasSuffix(path, ".rego"):
			return err
		case err != nil:
			continue // a dangling link to something else
		case info.IsDir():
			err = r.folder(path, depth+1)
		case strings.HasSuffix(path, ".rego"):
			err = r.file(path, info)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) file(path string, info os.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(f, maxBytes-r.size+1))
	if err != nil {
		return err
	}
	if r.size += int64(len(text)); r.size > maxBytes {
		return fmt.Errorf("%s: the files are over %d MiB together; leave out what is no rule", path, maxBytes>>20)
	}
	if r.files = append(r.files, engine.File{Name: filepath.ToSlash(path), Text: text}); len(r.files) > maxFiles {
		return fmt.Errorf("%s: there are more than %d files; leave out what is no rule", path, maxFiles)
	}
	return nil
}
