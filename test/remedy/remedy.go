// Package remedy follows a finding's remedy to the letter: it reads its text as
// a person would, runs the commands against the world of a case and makes the
// edits that the words name. It understands no more than the remedies say, and
// what it does not understand it refuses; a remedy with a slip in a name, an
// option or a field then heals nothing, and its test fails.
package remedy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/test/cases"
)

// ErrWords is a remedy that is not mechanical: it leaves something to a person.
var ErrWords = errors.New("not mechanical")

// World is a case that is being mended.
type World struct {
	c     *cases.Case
	docs  []map[string]any
	files map[string]string // what the person has, by name: contents in the words of a case
	f     verdict.Finding
	// target is the document of the finding's object.
	target map[string]any
	// elsewhere is whether the steps are for other circumstances than the case's.
	elsewhere bool
}

// Alternatives are the ways out that a remedy names, each as its steps.
func Alternatives(text string) [][]string {
	out := [][]string{nil}
	for _, step := range split(text) {
		if rest, ok := strings.CutPrefix(step, "or "); ok {
			out = append(out, nil)
			step = strings.TrimPrefix(rest, "to ")
		} else if rest, ok := strings.CutPrefix(step, "or, "); ok {
			out = append(out, nil)
			step = rest
		}
		out[len(out)-1] = append(out[len(out)-1], step)
	}
	return out
}

var inBrackets = regexp.MustCompile(` \([^()]*\)`)

// split cuts at semicolons, and at commas before "or", outside of quotes.
func split(text string) (steps []string) {
	text = inBrackets.ReplaceAllString(text, "")
	start, quoted := 0, rune(0)
	cut := func(at, next int) {
		if s := strings.TrimSpace(text[start:at]); s != "" {
			steps = append(steps, s)
		}
		start = next
	}
	for i, r := range text {
		switch {
		case quoted != 0:
			if r == quoted {
				quoted = 0
			}
		case r == '\'' && (i == 0 || !isLetter(text[i-1])), r == '"':
			quoted = r
		case r == ';':
			cut(i, i+1)
		case r == ',' && (strings.HasPrefix(text[i:], ", or ") || strings.HasPrefix(text[i:], ", then ")):
			cut(i, i+1)
		case r == '.' && strings.HasPrefix(text[i:], ". If "):
			cut(i, i+1)
		}
	}
	cut(len(text), len(text))
	return steps
}

func isLetter(b byte) bool { return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' }

// Follow takes the steps of one alternative and returns the mended case. The
// given case is not changed.
func Follow(c *cases.Case, f verdict.Finding, steps []string) (*cases.Case, error) {
	w := &World{c: clone(c), files: map[string]string{}, f: f}
	dec := yaml.NewDecoder(bytes.NewReader(c.Objects))
	for {
		doc := map[string]any{}
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read objects: %w", err)
		}
		w.docs = append(w.docs, doc)
	}
	w.target = w.doc(f.Object.Kind, f.Object.Name)
	if w.target == nil {
		return nil, fmt.Errorf("there is no %s %s", f.Object.Kind, f.Object.Name)
	}
	done := 0
	for _, s := range steps {
		n, err := w.step(s)
		if err != nil {
			return nil, err
		}
		done += n
	}
	if done == 0 {
		return nil, fmt.Errorf("%w: it says nothing to do", ErrWords)
	}
	if err := w.sync(); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, doc := range w.docs {
		raw, err := yaml.Marshal(doc)
		if err != nil {
			return nil, fmt.Errorf("write objects: %w", err)
		}
		out.WriteString("---\n")
		out.Write(raw)
	}
	w.c.Objects = out.Bytes()
	return w.c, nil
}

func clone(c *cases.Case) *cases.Case {
	n := *c
	n.Vaults = cases.Vaults{}
	for name, secrets := range c.Vaults {
		n.Vaults[name] = maps.Clone(secrets)
	}
	return &n
}

// program is the first word of a command.
var program = regexp.MustCompile(`^(?:(.*?)[:,] )?((?:az|openssl|kubectl|sed|xxd|jq|csplit|storewarden) .*)$`)

// step does what one step says and returns how much it did.
func (w *World) step(s string) (int, error) {
	if w.elsewhere && strings.HasPrefix(s, "then ") {
		return 0, nil
	}
	s = strings.TrimPrefix(strings.TrimPrefix(s, "and "), "then ")
	words, command := s, ""
	if m := program.FindStringSubmatch(s); m != nil {
		words, command = m[1], m[2]
	}
	if words = w.circumstances(words); w.elsewhere {
		return 0, nil
	}
	done, err := w.words(words)
	if err != nil || command == "" {
		return done, err
	}
	n, err := w.command(command)
	return done + n, err
}

// circumstances tells the steps that are for the case from those for another
// one, and takes a condition that holds off the front. What follows a condition
// without words of its own shares it.
func (w *World) circumstances(s string) string {
	filled := w.doc("SecretSync", w.f.Object.Name) != nil
	for lead, holds := range map[string]bool{"If a SecretSync fills this Secret, ": filled, "If you fill it, ": !filled} {
		if rest, ok := strings.CutPrefix(s, lead); ok {
			w.elsewhere = !holds
			return rest
		}
	}
	if s == "" {
		return s
	}
	w.elsewhere = false
	for _, lead := range []string{"if ", "only if ", "else ", "for another ", "until ", "compare", "check"} {
		w.elsewhere = w.elsewhere || strings.HasPrefix(s, lead)
	}
	return s
}

func (w *World) doc(kind, name string) map[string]any {
	i := slices.IndexFunc(w.docs, func(d map[string]any) bool {
		meta, _ := d["metadata"].(map[string]any)
		return d["kind"] == kind && meta["name"] == name
	})
	if i < 0 {
		return nil
	}
	return w.docs[i]
}

// remove deletes an object, and what it owns.
func (w *World) remove(kind, name string) error {
	d := w.doc(kind, name)
	if d == nil {
		return fmt.Errorf("there is no %s %s to delete", kind, name)
	}
	w.docs = slices.DeleteFunc(w.docs, func(x map[string]any) bool {
		meta, _ := x["metadata"].(map[string]any)
		return meta["name"] == name && (x["kind"] == kind || kind == "SecretSync" && x["kind"] == "Secret")
	})
	return nil
}

// class is the SecretProviderClass that the finding is about, by its own name or
// by the one of the SecretSync.
func (w *World) class() map[string]any {
	if w.f.Object.Kind == "SecretProviderClass" {
		return w.target
	}
	sync := w.doc("SecretSync", w.f.Object.Name)
	name, _ := at(sync, "spec", "secretProviderClassName").(string)
	return w.doc("SecretProviderClass", name)
}

// at follows keys into mappings.
func at(v any, keys ...string) any {
	for _, k := range keys {
		m, _ := v.(map[string]any)
		v = m[k]
	}
	return v
}

// set puts a value under a dotted path; nil removes it.
func set(doc map[string]any, path string, v any) error {
	keys := strings.Split(path, ".")
	for _, k := range keys[:len(keys)-1] {
		next, ok := doc[k].(map[string]any)
		if !ok {
			if v == nil {
				return fmt.Errorf("%s is not there", path)
			}
			next = map[string]any{}
			doc[k] = next
		}
		doc = next
	}
	last := keys[len(keys)-1]
	if v == nil {
		if _, ok := doc[last]; !ok {
			return fmt.Errorf("%s is not there", path)
		}
		delete(doc, last)
		return nil
	}
	doc[last] = v
	return nil
}
