// Package manifest reads the objects of package store from files, as a GitOps
// repository keeps them: YAML with any number of documents, JSON, lists of any
// kind, folders, standard input. Every object knows its file and the line of
// each field that a finding may name. What cannot be read spoils as little as
// possible, a document, never another one, and is kept as an error with its
// line; what is no kind that is judged is kept by name, so that nothing
// disappears without a trace.
package manifest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/storewarden/storewarden/certs/store"
)

// Stdin is the path that stands for standard input.
const Stdin = "-"

// Options says how to read. The zero value is usable.
type Options struct {
	// DefaultNamespace is where objects go that name no namespace, as with
	// kubectl's own option.
	DefaultNamespace string
	// MaxBytes is the largest file that is read; 0 is 64 MiB, forty times what
	// the API server takes for one object. Standard input is not limited.
	MaxBytes int64
}

const defaultMaxBytes = 64 << 20

// Set is everything that was found. It is read-only after Load and safe for
// concurrent use.
type Set struct {
	// Objects are those that can be judged, in the order of the files. An
	// object that stands in two places is here twice.
	Objects []Object
	// Skipped are the objects of other kinds, and the documents that are none.
	Skipped []Skipped
	// Errors are the documents and files that could not be read.
	Errors []*FileError

	byID   map[key]*store.Object
	byKind map[key][]*store.Object // without name
}

type key struct{ kind, namespace, name string }

// Skipped is a document, or an item of a list, that is not judged. Kind is
// empty for what is no Kubernetes object at all.
type Skipped struct {
	File                              string
	Line                              int
	APIVersion, Kind, Namespace, Name string
}

// FileError is trouble with a file or a part of it. It never holds a value.
type FileError struct {
	File string
	Line int // 0 where the whole file is meant
	Err  error
}

func (e *FileError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err)
}

func (e *FileError) Unwrap() error { return e.Err }

// Object is an object and where it stands.
type Object struct {
	*store.Object
	File string // as given or found; "-" for standard input
	Line int    // the first of the object, from 1

	marks []mark
}

// LineOf tells the first line of a field in the file: of the nearest known
// parent for a field that is not there, and of the object for any other. An
// entry of spec.parameters.objects, and all below it, is at the line of its
// "- |"; a key of data may as well stand under stringData.
func (o Object) LineOf(field string) int {
	for field != "" {
		if line, ok := find(o.marks, field); ok {
			return line
		}
		if rest, ok := strings.CutPrefix(field, "data["); ok {
			if line, ok := find(o.marks, "stringData["+rest); ok {
				return line
			}
		}
		field = parent(field)
	}
	return o.Line
}

// Load reads paths: files, folders with all below them (only .yaml, .yml and
// .json there, and no hidden folder), or "-" for stdin. The error is one of
// usage; trouble with what is read is in Set.Errors.
func Load(paths []string, stdin io.Reader, opt Options) (*Set, error) {
	if opt.MaxBytes == 0 {
		opt.MaxBytes = defaultMaxBytes
	}
	l := &loader{opt: opt, set: &Set{}, files: map[string]bool{}, folders: map[string]visit{}, names: map[string]string{}}
	input := false
	for _, p := range paths {
		switch {
		case p != Stdin:
			l.path(p)
		case stdin == nil:
			return nil, errors.New("there is no standard input to read")
		case input:
			return nil, errors.New("standard input can be read only once")
		default:
			input = true
			l.read(Stdin, stdin)
		}
	}
	l.set.index()
	return l.set, nil
}

func (s *Set) index() {
	s.byID = make(map[key]*store.Object, len(s.Objects))
	s.byKind = make(map[key][]*store.Object)
	for _, o := range s.Objects {
		s.byID[keyOf(o)] = o.Object
	}
	for _, o := range s.Objects {
		if s.byID[keyOf(o)] == o.Object {
			k := key{kind: o.ID.Kind, namespace: o.ID.Namespace}
			s.byKind[k] = append(s.byKind[k], o.Object)
		}
	}
}

func keyOf(o Object) key { return key{o.ID.Kind, o.ID.Namespace, o.ID.Name} }

// Get returns the object of the name, the last one where it stands in several
// places, as "kubectl apply" would leave it, or store.ErrNotFound.
func (s *Set) Get(_ context.Context, kind, namespace, name string) (*store.Object, error) {
	if o, ok := s.byID[key{kind, namespace, name}]; ok {
		return o, nil
	}
	return nil, fmt.Errorf("%s %s/%s: %w", kind, namespace, name, store.ErrNotFound)
}

// List returns the objects of a kind in a namespace that Get would return.
func (s *Set) List(_ context.Context, kind, namespace string) ([]*store.Object, error) {
	return slices.Clip(s.byKind[key{kind: kind, namespace: namespace}]), nil
}
