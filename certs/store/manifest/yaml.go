package manifest

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	kyaml "sigs.k8s.io/yaml"

	"github.com/storewarden/storewarden/certs/store"
)

// yaml reads a document twice: into nodes, for the lines, and, if it may be
// judged, into JSON with the very library that kubectl uses, so that what
// counts as text, a number or true is what the API server will see.
func (l *loader) yaml(d document) {
	root, err := parse(d)
	if err != nil {
		l.refuseYAML(d, err)
		return
	}
	if root == nil {
		return
	}
	lines := lineTable(d)
	at := place{line: lines(root.Line), node: root, lines: lines}
	h := headOfNode(root)
	if !h.merged && h.encrypted || !h.merged && !h.list && store.KindOf(h.apiVersion, h.kind) == "" {
		l.set.Skipped = append(l.set.Skipped, Skipped{File: d.file, Line: at.line,
			APIVersion: h.apiVersion, Kind: h.kind, Namespace: h.namespace, Name: h.name})
		return
	}
	raw, err := convert(d.text, root)
	if err != nil {
		l.refuseYAML(d, err)
		return
	}
	l.value(d, raw, at, head{}, 0)
}

func (l *loader) refuseYAML(d document, err error) {
	line := d.line
	var y *yamlError
	if errors.As(err, &y) {
		line += min(y.line-1, bytes.Count(bytes.TrimSuffix(d.text, []byte("\n")), []byte("\n")))
	}
	if at := d.templateLine(); at > 0 {
		line, err = at, errTemplate
	}
	l.fail(d.file, line, err)
}

// yamlError is a complaint of the YAML library, less any part of the text.
type yamlError struct {
	line    int // within the document, from 1
	message string
}

func (e *yamlError) Error() string { return "not YAML: " + e.message }

// parse returns the root of the document, nil if it is empty.
func parse(d document) (*yaml.Node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(d.text))
	var doc, more yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, newYAMLError(d.text, err)
	}
	switch err := dec.Decode(&more); {
	case err == nil: // a separator that only YAML sees, say after a lone carriage return
		return nil, errors.New("a second document begins where no line does")
	case !errors.Is(err, io.EOF):
		return nil, newYAMLError(d.text, err)
	}
	root := doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.ShortTag() == "!!null" && root.Style&yaml.TaggedStyle == 0 {
		return nil, nil
	}
	return root, nil
}

func newYAMLError(text []byte, err error) error {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	line := 1
	if rest, ok := strings.CutPrefix(message, "line "); ok {
		number, after, _ := strings.Cut(rest, ": ")
		if n, err := strconv.Atoi(number); err == nil {
			line, message = n, after
		}
		// The parser, unlike the scanner, counts lines from 0.
		if strings.HasPrefix(message, "did not find expected") {
			line++
		}
	}
	if rest, ok := strings.CutPrefix(message, "unknown anchor '"); ok {
		// The name may be a password with a * in front: only its line is told.
		name, _, _ := strings.Cut(rest, "'")
		before, _, _ := bytes.Cut(text, []byte("*"+name))
		line, message = 1+bytes.Count(before, []byte("\n")), "an alias without an anchor; a text that begins with * needs quotes"
	}
	return &yamlError{line, message}
}

// convert turns the document into JSON. Errors of the library may quote
// values, so they are not passed on.
func convert(text []byte, root *yaml.Node) ([]byte, error) {
	const slack = 1 << 20
	if limit := 10*len(text) + slack; expanded(root, map[*yaml.Node]int{}, limit) > limit {
		return nil, errors.New("its YAML aliases expand to far more than its own size")
	}
	raw, err := kyaml.YAMLToJSON(text)
	if err != nil {
		return nil, errors.New("it has no JSON form, which the API server needs: a key that is not text, or a value that contradicts its tag")
	}
	return raw, nil
}

// expanded is the size of a node with all aliases written out, or something
// above the limit.
func expanded(n *yaml.Node, seen map[*yaml.Node]int, limit int) int {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Anchor != "" {
		if size, ok := seen[n]; ok {
			return size
		}
		seen[n] = limit + 1 // what it is within itself
	}
	size := len(n.Value) + 1
	for _, c := range n.Content {
		if size += expanded(c, seen, limit); size > limit {
			size = limit + 1
			break
		}
	}
	if n.Anchor != "" {
		seen[n] = size
	}
	return size
}

// nodeHead is the head of a document, read from its nodes.
type nodeHead struct {
	apiVersion, kind, namespace, name string
	list, encrypted                   bool
	merged                            bool // a merge key may hold the rest
}

func headOfNode(root *yaml.Node) nodeHead {
	var h nodeHead
	for k, v := range pairs(root) {
		switch k.Value {
		case "apiVersion":
			h.apiVersion = v.Value
		case "kind":
			h.kind = v.Value
		case "metadata":
			for k, v := range pairs(v) {
				switch k.Value {
				case "name":
					h.name = v.Value
				case "namespace":
					h.namespace = v.Value
				}
			}
		case "items":
			h.list = v.Kind == yaml.SequenceNode
		case "sops":
			h.encrypted = v.Kind == yaml.MappingNode
		case "<<":
			h.merged = true
		}
	}
	h.list = h.list && strings.HasSuffix(h.kind, "List")
	return h
}

// pairs yields the keys and values of a mapping, and none of anything else.
func pairs(n *yaml.Node) func(yield func(k, v *yaml.Node) bool) {
	return func(yield func(k, v *yaml.Node) bool) {
		if n = target(n); n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(target(n.Content[i]), target(n.Content[i+1])) {
				return
			}
		}
	}
}

func target(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// lineTable turns the line of a node into the line of the file. YAML breaks
// lines where editors do not (NEL, LS, PS, a lone CR), so a text with any of
// these needs a table.
func lineTable(d document) func(int) int {
	if !bytes.ContainsAny(d.text, "\u0085\u2028\u2029") && bytes.Count(d.text, []byte("\r")) == bytes.Count(d.text, []byte("\r\n")) {
		return func(n int) int { return d.line + n - 1 }
	}
	table := []int{d.line}
	line := d.line
	text := string(d.text)
	for i, r := range text {
		switch r {
		case '\n':
			line++
			table = append(table, line)
		case '\r':
			if !strings.HasPrefix(text[i:], "\r\n") {
				table = append(table, line)
			}
		case '\u0085', '\u2028', '\u2029':
			table = append(table, line)
		}
	}
	return func(n int) int { return table[min(max(n, 1), len(table))-1] }
}

// place is where a value stands in its file.
type place struct {
	line  int
	node  *yaml.Node    // nil in JSON, whose own text has the lines
	lines func(int) int // of nodes
}

// of is the place of the items of a list, which begin at from in its JSON.
func (p place) of(raw []byte, from int) place {
	if p.node == nil {
		p.line += bytes.Count(raw[:from], []byte("\n"))
		return p
	}
	items := &yaml.Node{}
	for k, v := range pairs(p.node) {
		if k.Value == "items" {
			items = v
		}
	}
	p.node = items
	return p
}

// item is the place of item i of a list at p.
func (p place) item(i int) place {
	if p.node == nil {
		return p
	}
	if i >= len(p.node.Content) { // merged in from elsewhere
		p.node = &yaml.Node{}
		return p
	}
	n := p.node.Content[i]
	return place{line: p.lines(n.Line), node: target(n), lines: p.lines}
}
