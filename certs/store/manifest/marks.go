package manifest

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/storewarden/storewarden/certs/store"
)

// mark is the line of a field. Objects keep only the fields that a finding may
// name, sorted, since there may be a hundred thousand of them.
type mark struct {
	field string
	line  int32
}

func find(marks []mark, field string) (int, bool) {
	i, ok := slices.BinarySearchFunc(marks, field, func(m mark, f string) int { return strings.Compare(m.field, f) })
	if !ok {
		return 0, false
	}
	return int(marks[i].line), true
}

// parent cuts the last step off a field path. Keys in brackets may hold dots,
// and never a bracket.
func parent(field string) string {
	if strings.HasSuffix(field, "]") {
		return field[:max(strings.LastIndexByte(field, '['), 0)]
	}
	return field[:max(strings.LastIndexByte(field, '.'), 0)]
}

// walker collects the marks of one object, from nodes or from JSON text.
type walker struct {
	names map[string]string // paths seen before: most objects share theirs
	lines func(int) int
	marks []mark
	path  []byte
	// block is the node line of the first line of the objects text, 0 if it is
	// not a block, and then all of it counts as on the line of its key.
	block int
}

func (w *walker) walk(text []byte, at place, o *store.Object) []mark {
	switch {
	case at.node != nil:
		w.node(at.node)
	case bytes.IndexByte(text, '\n') >= 0:
		c := &cursor{text: text, line: at.line}
		w.json(c, text, 0)
	}
	w.entries(o)
	slices.SortStableFunc(w.marks, func(a, b mark) int { return cmp.Compare(a.field, b.field) })
	// Of a key that stands twice the last one counts.
	slices.Reverse(w.marks)
	w.marks = slices.CompactFunc(w.marks, func(a, b mark) bool { return a.field == b.field })
	slices.Reverse(w.marks)
	return slices.Clone(w.marks)
}

// entries marks the entries of the objects text, whose own lines count from
// its first.
func (w *walker) entries(o *store.Object) {
	if o == nil || o.SPC == nil || w.block == 0 {
		return
	}
	for _, e := range o.SPC.Objects.Entries {
		w.marks = append(w.marks, mark{e.Field, int32(w.lines(w.block + e.Line - 1))})
	}
}

// maxNames bounds the memory of paths; a folder has few distinct keys.
const maxNames = 4096

func (w *walker) add(line int) {
	s, ok := w.names[string(w.path)]
	if !ok {
		s = string(w.path)
		if len(w.names) < maxNames {
			w.names[s] = s
		}
	}
	w.marks = append(w.marks, mark{s, int32(line)})
}

// enters reports whether the fields below the current one are worth a mark.
func (w *walker) enters() bool {
	const deepest = 6
	p := string(w.path)
	return p == "" || p == "metadata" || p == "data" || p == "stringData" || p == "spec" ||
		strings.HasPrefix(p, "spec.") && strings.Count(p, ".") < deepest
}

// keeps reports whether a member of the current field is worth a mark: of an
// object's metadata few are, and managedFields are many.
func (w *walker) keeps(key []byte) bool {
	switch string(w.path) {
	case "":
		return string(key) != "status"
	case "metadata":
		return slices.Contains([]string{"name", "namespace", "labels", "annotations", "ownerReferences"}, string(key))
	}
	return true
}

// step extends the path by a key, and returns what takes it back.
func (w *walker) step(key []byte) (back int) {
	back = len(w.path)
	switch string(w.path) {
	case "data", "stringData":
		w.path = append(append(append(w.path, '['), key...), ']')
	case "":
		w.path = append(w.path, key...)
	default:
		w.path = append(append(w.path, '.'), key...)
	}
	return back
}

func (w *walker) index(i int) (back int) {
	back = len(w.path)
	w.path = append(strconv.AppendInt(append(w.path, '['), int64(i), 10), ']')
	return back
}

func (w *walker) node(n *yaml.Node) {
	if !w.enters() {
		return
	}
	n = target(n)
	if n.Kind == yaml.SequenceNode {
		for i, item := range n.Content {
			back := w.index(i)
			w.add(w.lines(item.Line))
			w.node(item)
			w.path = w.path[:back]
		}
		return
	}
	if n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], target(n.Content[i+1])
		key := []byte(target(k).Value)
		if !w.keeps(key) {
			continue
		}
		back := w.step(key)
		w.add(w.lines(k.Line))
		if string(w.path) == store.ObjectsField {
			w.block = 0
			if v.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
				w.block = v.Line + 1
			}
		}
		w.node(v)
		w.path = w.path[:back]
	}
}

// cursor turns positions in a text into lines; positions only ever grow.
type cursor struct {
	text     []byte
	at, line int
}

func (c *cursor) lineAt(i int) int {
	c.line += bytes.Count(c.text[c.at:i], []byte("\n"))
	c.at = i
	return c.line
}

// json walks a value that begins at base of the cursor's text.
func (w *walker) json(c *cursor, raw []byte, base int) {
	if len(raw) == 0 || raw[0] != '{' && raw[0] != '[' || !w.enters() {
		return
	}
	keyed := raw[0] == '{'
	for i, n := 0, 0; ; n++ {
		f, end, ok := next(raw, i, keyed)
		if !ok {
			return
		}
		i = end
		if keyed && !w.keeps(f.key) {
			continue
		}
		var back int
		if keyed {
			back = w.step(f.key)
		} else {
			back = w.index(n)
		}
		w.add(c.lineAt(base + f.at))
		w.json(c, raw[f.value.from:f.value.to], base+f.value.from)
		w.path = w.path[:back]
	}
}
