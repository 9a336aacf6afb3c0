package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// loader fills a set. Files and folders are known by their real paths, so that
// none is read twice through a link or an overlapping argument.
type loader struct {
	opt     Options
	set     *Set
	files   map[string]bool
	folders map[string]visit
	// names holds field paths that occur in many objects; see walker.
	names map[string]string
}

type visit int

const (
	unvisited visit = iota
	inside          // being read
	visited
)

func (l *loader) fail(file string, line int, err error) {
	l.set.Errors = append(l.set.Errors, &FileError{File: file, Line: line, Err: err})
}

func (l *loader) path(p string) {
	info, err := os.Stat(p)
	switch {
	case err != nil:
		l.fail(p, 0, cause(err))
	case info.IsDir():
		l.folder(p)
	default:
		l.file(p)
	}
}

// cause strips the path from the error of package os: FileError names it.
func cause(err error) error {
	if p := new(fs.PathError); errors.As(err, &p) {
		return fmt.Errorf("%s: %w", p.Op, p.Err)
	}
	return err
}

func (l *loader) folder(p string) {
	real, err := realPath(p)
	if err != nil {
		l.fail(p, 0, cause(err))
		return
	}
	switch l.folders[real] {
	case inside:
		l.fail(p, 0, errors.New("a symbolic link to a folder that it lies in"))
		return
	case visited:
		return
	}
	l.folders[real] = inside
	defer func() { l.folders[real] = visited }()
	entries, err := os.ReadDir(p)
	if err != nil {
		l.fail(p, 0, cause(err))
	}
	for _, e := range entries {
		l.entry(filepath.Join(p, e.Name()), e)
	}
}

// entry reads one entry of a folder. Files with other extensions are not
// looked at, whatever is wrong with them.
func (l *loader) entry(p string, e fs.DirEntry) {
	info, err := os.Stat(p) // follows links: a mounted ConfigMap is made of them
	switch {
	case errors.Is(err, syscall.ELOOP):
		l.fail(p, 0, errors.New("a symbolic link that leads back to itself"))
	case err != nil && isManifest(p):
		l.fail(p, 0, cause(err))
	case err != nil:
	case info.IsDir():
		if !strings.HasPrefix(e.Name(), ".") {
			l.folder(p)
		}
	case info.Mode().IsRegular() && isManifest(p):
		l.file(p)
	}
}

func isManifest(p string) bool {
	return slices.Contains([]string{".yaml", ".yml", ".json"}, strings.ToLower(filepath.Ext(p)))
}

func realPath(p string) (string, error) {
	abs, err := filepath.Abs(p)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(abs)
}

func (l *loader) file(p string) {
	// What has no real path, a pipe from the shell, is read as it is.
	if real, err := realPath(p); err == nil {
		if l.files[real] {
			return
		}
		l.files[real] = true
	}
	f, err := os.Open(p)
	if err != nil {
		l.fail(p, 0, cause(err))
		return
	}
	defer f.Close()
	l.read(p, f)
}

// sniffed is how much of a file git, too, looks at to call it binary.
const sniffed = 8000

func (l *loader) read(name string, r io.Reader) {
	data, err := l.readAll(name, r)
	if err != nil {
		l.fail(name, 0, err)
		return
	}
	if bytes.IndexByte(data[:min(len(data), sniffed)], 0) >= 0 {
		l.fail(name, 0, errors.New("it is binary, or text in UTF-16; YAML and JSON in UTF-8 can be read"))
		return
	}
	l.documents(name, bytes.TrimPrefix(data, []byte("\ufeff")))
}

func (l *loader) readAll(name string, r io.Reader) ([]byte, error) {
	if name == Stdin {
		data, err := io.ReadAll(r)
		if err != nil {
			return nil, fmt.Errorf("read standard input: %w", err)
		}
		return data, nil
	}
	var b bytes.Buffer
	if f, ok := r.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Size() <= l.opt.MaxBytes {
			b.Grow(int(info.Size()) + bytes.MinRead) // read without a second copy
		}
	}
	n, err := b.ReadFrom(io.LimitReader(r, l.opt.MaxBytes+1))
	if err != nil {
		return nil, cause(err)
	}
	if n > l.opt.MaxBytes {
		return nil, fmt.Errorf("it is larger than %d bytes; larger input is read from standard input alone", l.opt.MaxBytes)
	}
	return b.Bytes(), nil
}
