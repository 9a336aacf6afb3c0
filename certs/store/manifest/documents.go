package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/storewarden/storewarden/certs/store"
)

// errTemplate is the error for whatever cannot be read, or is not to be judged,
// because it is a template.
var errTemplate = errors.New("it is a template ({{ … }}), not yet a manifest: render it first, as in \"helm template . | storewarden audit -\"")

// action is how a template's action begins.
const action = "{{"

// document is the part of a file between two separators.
type document struct {
	file string
	line int // of its first byte in the file
	text []byte
}

// documents splits a file before anything is parsed, so that a bad document
// spoils only itself. YAML allows "---" and "..." at the start of a line as
// markers alone, even within quotes and blocks.
func (l *loader) documents(file string, data []byte) {
	line := 1
	for len(data) > 0 {
		end := marker(data)
		d := document{file: file, line: line, text: data[:end]}
		line += bytes.Count(d.text, []byte("\n"))
		data = data[end:]
		// The end of the document before, unless something is wrong with it.
		if first, rest, _ := bytes.Cut(d.text, []byte("\n")); isMarker(first, "...") && isEmpty(first[3:]) {
			d.text = rest
			d.line++
		}
		if !isEmpty(d.text) {
			l.document(d)
		}
	}
}

// marker finds the first marker after the first line, or the end.
func marker(data []byte) int {
	for i := 0; ; {
		n := bytes.IndexByte(data[i:], '\n')
		if n < 0 {
			return len(data)
		}
		i += n + 1
		if isMarker(data[i:], "---") || isMarker(data[i:], "...") {
			return i
		}
	}
}

// isMarker tells "---" from "-----BEGIN CERTIFICATE-----".
func isMarker(line []byte, mark string) bool {
	if !bytes.HasPrefix(line, []byte(mark)) {
		return false
	}
	return len(line) == len(mark) || strings.IndexByte(" \t\r\n", line[len(mark)]) >= 0
}

// isEmpty reports whether there are but blanks, comments and directives, which
// say nothing that Kubernetes cares for.
func isEmpty(text []byte) bool {
	for line := range bytes.Lines(text) {
		if isMarker(line, "---") {
			line = line[3:]
		}
		trimmed := bytes.Trim(line, " \t\r\n")
		if len(trimmed) > 0 && trimmed[0] != '#' && line[0] != '%' {
			return false
		}
	}
	return true
}

func (l *loader) document(d document) {
	if !l.json(d) {
		l.yaml(d)
	}
}

// json reads a document of one or more JSON values in a row, as kubectl does,
// and reports whether it is one.
func (l *loader) json(d document) bool {
	text, line := d.text, d.line
	if isMarker(text, "---") {
		n := 3 + len(text[3:]) - len(bytes.TrimLeft(text[3:], " \t\r\n"))
		line += bytes.Count(text[:n], []byte("\n"))
		text = text[n:]
	}
	spans, ok := values(text)
	if !ok {
		return false
	}
	for _, s := range spans {
		if !json.Valid(text[s.from:s.to]) {
			return false
		}
	}
	last := 0
	for _, s := range spans {
		line += bytes.Count(text[last:s.from], []byte("\n"))
		last = s.from
		l.value(d, text[s.from:s.to], place{line: line}, head{}, 0)
	}
	return true
}

// maxNesting bounds lists within lists; each level costs a pass over the text.
const maxNesting = 8

// value reads one JSON value: an object, or a list of them. In a list the
// outer head tells what an item is that does not say so itself.
func (l *loader) value(d document, raw []byte, at place, outer head, depth int) {
	h := headOf(raw)
	switch {
	case h.isList() && depth == maxNesting:
		l.fail(d.file, at.line, errors.New("its lists are nested too deeply"))
	case h.isList():
		l.items(d, raw[h.items.from:h.items.to], at.of(raw, h.items.from), h, depth)
	case h.kind == "" && outer.kind != "" && len(raw) > 0 && raw[0] == '{':
		h.apiVersion, h.kind = outer.apiVersion, outer.kind
		l.object(d, h.complete(raw), raw, at, h)
	default:
		l.object(d, raw, raw, at, h)
	}
}

func (l *loader) items(d document, raw []byte, at place, list head, depth int) {
	item := head{}
	if kind := strings.TrimSuffix(list.kind, "List"); kind != "" {
		item.apiVersion, item.kind = list.apiVersion, kind
	}
	last := 0
	for i, s := range elements(raw) {
		if at.node == nil {
			at.line += bytes.Count(raw[last:s.from], []byte("\n"))
			last = s.from
		}
		l.value(d, raw[s.from:s.to], at.item(i), item, depth+1)
	}
}

// object reads one object. The text is what stands in the file, where raw may
// have been completed.
func (l *loader) object(d document, raw, text []byte, at place, h head) {
	if store.KindOf(h.apiVersion, h.kind) == "" || h.encrypted {
		meta := metadataOf(raw, h)
		l.set.Skipped = append(l.set.Skipped, Skipped{File: d.file, Line: at.line,
			APIVersion: h.apiVersion, Kind: h.kind, Namespace: meta.Namespace, Name: meta.Name})
		return
	}
	o := Object{File: d.file, Line: at.line}
	var err error
	o.Object, err = store.Parse(raw)
	w := walker{names: l.names, lines: at.lines}
	o.marks = w.walk(text, at, o.Object)
	if err == nil && isTemplate(o.Object) {
		err = errTemplate
	}
	if err != nil {
		l.refuse(d, raw, o, err)
		return
	}
	if o.ID.Namespace == "" {
		o.ID.Namespace = l.opt.DefaultNamespace
	}
	l.set.Objects = append(l.set.Objects, o)
}

// refuse records why an object cannot be judged, at the line of the field that
// is to blame.
func (l *loader) refuse(d document, raw []byte, o Object, err error) {
	line := o.Line
	var field *store.FieldError
	if errors.As(err, &field) {
		line = o.LineOf(field.Field)
	}
	if bytes.Contains(raw, []byte(action)) {
		err = errTemplate
	}
	if errors.Is(err, errTemplate) {
		line = max(line, d.templateLine())
	}
	l.fail(d.file, line, err)
}

// templateLine finds the first line with a template's action, 0 without one.
func (d document) templateLine() int {
	i := bytes.Index(d.text, []byte(action))
	if i < 0 {
		return 0
	}
	return d.line + bytes.Count(d.text[:i], []byte("\n"))
}

// isTemplate looks for actions where a rendered manifest has none. The values
// of a Secret are free to hold templates of another program.
func isTemplate(o *store.Object) bool {
	texts := []string{o.ID.Name, o.ID.Namespace}
	if c := o.SPC; c != nil {
		texts = append(texts, c.Provider, c.Vault.Value, c.Tenant.Value, c.ClientID.Value)
		for _, e := range c.Objects.Entries {
			texts = append(texts, e.Text)
		}
	}
	if s := o.Sync; s != nil {
		texts = append(texts, s.ProviderClass, s.ServiceAccount)
		for _, m := range s.Mappings {
			texts = append(texts, m.SourcePath, m.TargetKey)
		}
	}
	for _, t := range texts {
		if strings.Contains(t, action) {
			return true
		}
	}
	return false
}
