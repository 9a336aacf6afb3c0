package store

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxFields bounds the fields of one mapping: the provider knows eight, and
// YAML's search for duplicates takes time that grows with the square of them.
const maxFields = 256

// keyVaultObject is what the provider decodes an item of the array into. The
// fields stay nodes so that each can be blamed by its own name.
type keyVaultObject struct {
	Name           yaml.Node `yaml:"objectName"`
	Alias          yaml.Node `yaml:"objectAlias"`
	Version        yaml.Node `yaml:"objectVersion"`
	History        yaml.Node `yaml:"objectVersionHistory"`
	Type           yaml.Node `yaml:"objectType"`
	Format         yaml.Node `yaml:"objectFormat"`
	Encoding       yaml.Node `yaml:"objectEncoding"`
	FilePermission yaml.Node `yaml:"filePermission"`
}

var entryFields = []string{"objectName", "objectAlias", "objectVersion", "objectVersionHistory",
	"objectType", "objectFormat", "objectEncoding", "filePermission"}

// ParseObjects reads the text of spec.parameters.objects as the provider does:
// trimmed, an outer mapping with an array of strings, each string a mapping of
// its own. Where the provider would give up on the whole text for one item,
// that item alone carries the trouble, so that a finding can name it.
func ParseObjects(text string) Objects {
	trimmed := strings.TrimSpace(text)
	skipped := strings.Count(text[:strings.Index(text, trimmed)], "\n")
	if trimmed == "" {
		return Objects{Trouble: ObjectsEmpty}
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(trimmed), &doc); err != nil {
		line, message := yamlMessage(err)
		return unparseable(message, shift(line, skipped))
	}
	if len(doc.Content) == 0 || isNull(doc.Content[0]) {
		return Objects{Trouble: ObjectsEmpty}
	}
	array, message := arrayOf(doc.Content[0])
	if message != "" {
		return unparseable(message, shift(doc.Content[0].Line, skipped))
	}
	if isNull(array) || len(array.Content) == 0 {
		return Objects{Trouble: ObjectsEmpty}
	}
	objects := Objects{Entries: make([]Entry, 0, len(array.Content))}
	for i, item := range array.Content {
		if isNull(resolve(item)) {
			continue // dropped by the YAML library, so that no object comes of it
		}
		e := parseEntry(i, item)
		e.Line += skipped
		objects.Entries = append(objects.Entries, e)
	}
	if len(objects.Entries) == 0 {
		objects.Trouble = ObjectsEmpty
	}
	return objects
}

// arrayOf finds the array, or says why there is none. A text without the key
// is no error to the provider, which then syncs nothing; it is one to us, since
// the key can only be misspelt.
func arrayOf(root *yaml.Node) (array *yaml.Node, message string) {
	if root.Kind != yaml.MappingNode {
		return nil, "the text must begin with \"array:\"; it is " + shapeOf(root)
	}
	if len(root.Content) > 2*maxFields {
		return nil, "the text has too many keys beside \"array\""
	}
	var outer struct {
		Array yaml.Node `yaml:"array"`
	}
	if err := root.Decode(&outer); err != nil {
		_, message = yamlMessage(err)
		return nil, message
	}
	array = resolve(&outer.Array)
	switch {
	case array.Kind == 0:
		return nil, "the text has no key \"array\""
	case array.Kind != yaml.SequenceNode && !isNull(array):
		return nil, "\"array\" must be a list; it is " + shapeOf(array)
	}
	return array, ""
}

func unparseable(message string, line int) Objects {
	return Objects{Trouble: ObjectsUnparseable, Message: message, Line: line}
}

// shift moves a line within the trimmed text to the text as written.
func shift(line, skipped int) int {
	if line == 0 {
		return 0
	}
	return line + skipped
}

func parseEntry(i int, item *yaml.Node) Entry {
	// The line is the item's own, not that of what an alias stands for.
	e := Entry{Index: i, Field: fmt.Sprintf("%s[%d]", ObjectsField, i), Line: item.Line}
	target := resolve(item)
	if target.Kind != yaml.ScalarNode {
		e.Trouble, e.Message = EntryIsMapping, "it is "+shapeOf(target)+" where the provider wants a block of text"
		e.Name = nameOf(target)
		e.Text = flatten(target)
		return e
	}
	if err := item.Decode(&e.Text); err != nil {
		e.Trouble, e.Message = EntryNotMapping, "its YAML tag does not fit its text"
		return e
	}
	e.Trouble, e.Message = e.readFields()
	// A block's last line break depends on what follows it, so that adding an
	// entry below would seem to touch this one.
	e.Text = strings.TrimRight(e.Text, "\n")
	return e
}

// readFields reads the first YAML document of the entry's text, the only one
// that the provider sees. An empty one is an object without a name.
func (e *Entry) readFields() (EntryTrouble, string) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(e.Text), &doc); err != nil {
		_, message := yamlMessage(err)
		return EntryNotMapping, message
	}
	e.Dropped = hasMore(e.Text)
	if len(doc.Content) == 0 || isNull(doc.Content[0]) {
		return "", ""
	}
	m := doc.Content[0]
	if m.Kind != yaml.MappingNode {
		return EntryNotMapping, "its text must be lines of \"field: value\"; it is " + shapeOf(m)
	}
	if len(m.Content) > 2*maxFields {
		return EntryNotMapping, fmt.Sprintf("it has %d fields", len(m.Content)/2)
	}
	e.findUnknown(m)
	if twice := duplicate(m); twice != "" {
		e.Name = nameOf(m)
		return EntryDuplicate, twice
	}
	var o keyVaultObject
	if err := m.Decode(&o); err != nil {
		_, message := yamlMessage(err)
		return EntryNotMapping, message
	}
	return e.setFields(&o)
}

// hasMore reports whether a second YAML document with something in it follows:
// what the provider never reads. Nearly no text has the mark of one.
func hasMore(text string) bool {
	if !strings.Contains(text, "\n---") {
		return false
	}
	dec := yaml.NewDecoder(strings.NewReader(text))
	for first := true; ; first = false {
		var doc yaml.Node
		err := dec.Decode(&doc)
		switch {
		case errors.Is(err, io.EOF):
			return false
		case err != nil:
			return !first // even what is broken was meant to be read
		case !first && len(doc.Content) > 0 && !isNull(doc.Content[0]):
			return true
		}
	}
}

// duplicate is the first field that stands twice, which the YAML library
// refuses, "" if there is none.
func duplicate(m *yaml.Node) string {
	seen := make(map[string]bool, len(m.Content)/2)
	for i := 0; i+1 < len(m.Content); i += 2 {
		if key := m.Content[i]; key.Kind == yaml.ScalarNode {
			if seen[key.Value] {
				return key.Value
			}
			seen[key.Value] = true
		}
	}
	return ""
}

func (e *Entry) setFields(o *keyVaultObject) (trouble EntryTrouble, message string) {
	var history int32
	fields := []struct {
		name string
		node *yaml.Node
		into any
	}{
		{"objectName", &o.Name, &e.Name},
		{"objectAlias", &o.Alias, &e.Alias},
		{"objectVersion", &o.Version, &e.Version},
		{"objectVersionHistory", &o.History, &history},
		{"objectType", &o.Type, &e.Type},
		{"objectFormat", &o.Format, &e.Format},
		{"objectEncoding", &o.Encoding, &e.Encoding},
		{"filePermission", &o.FilePermission, &e.FilePermission},
	}
	for _, f := range fields {
		if f.node.Kind == 0 {
			continue
		}
		if err := f.node.Decode(f.into); err != nil && message == "" {
			trouble = EntryNotMapping
			if _, number := f.into.(*int32); number {
				trouble = EntryHistory
			}
			message = f.name + " must be " + wanted(f.into) + "; it is " + shapeOf(resolve(f.node))
		}
		if s, ok := f.into.(*string); ok {
			*s = strings.TrimSpace(*s)
		}
	}
	e.History = int(history)
	return trouble, message
}

func wanted(into any) string {
	if _, ok := into.(*string); ok {
		return "a single value"
	}
	return "a whole number"
}

func (e *Entry) findUnknown(m *yaml.Node) {
	for i := 0; i+1 < len(m.Content); i += 2 {
		key := resolve(m.Content[i])
		if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" || slices.Contains(entryFields, key.Value) {
			continue
		}
		e.Unknown = append(e.Unknown, UnknownField{key.Value, nearestField(key.Value)})
	}
}

// nameOf gives a map item the name it would have, so that a finding can say
// which one it is.
func nameOf(item *yaml.Node) string {
	if item.Kind != yaml.MappingNode {
		return ""
	}
	for i := 0; i+1 < len(item.Content); i += 2 {
		if v := resolve(item.Content[i+1]); item.Content[i].Value == "objectName" && v.Kind == yaml.ScalarNode {
			return strings.TrimSpace(v.Value)
		}
	}
	return ""
}

// resolve follows an alias; one never stands for another alias.
func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

func shapeOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	return "plain text"
}

// flatten is a stable text of a node, for comparing old with new.
func flatten(n *yaml.Node) string {
	var b strings.Builder
	var walk func(*yaml.Node)
	walk = func(n *yaml.Node) { // YAML's own limit of 10,000 bounds the depth
		fmt.Fprintf(&b, "%d:%q(", n.Kind, n.Value)
		for _, c := range n.Content {
			walk(c)
		}
		b.WriteByte(')')
	}
	walk(n)
	return b.String()
}

// yamlMessage splits the first complaint of the YAML library into its line, 0
// if it names none, and what it says.
func yamlMessage(err error) (line int, message string) {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	var t *yaml.TypeError
	if errors.As(err, &t) && len(t.Errors) > 0 {
		text = t.Errors[0]
	}
	if rest, ok := strings.CutPrefix(text, "line "); ok {
		number, after, found := strings.Cut(rest, ": ")
		if n, err := strconv.Atoi(number); found && err == nil {
			line, text = n, after
		}
	}
	return line, strings.Join(strings.Fields(text), " ")
}
