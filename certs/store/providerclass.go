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

// SecretProviderClass is what the Azure provider reads of one.
type SecretProviderClass struct {
	Provider      string
	HasParameters bool
	Vault         Parameter
	Tenant        Parameter
	ClientID      Parameter
	Objects       Objects
}

// Parameter is one key of spec.parameters. The provider's keys are exact in
// case; Field is the path of the key that was found, or of the one to add.
type Parameter struct {
	Value string
	Field string
	Set   bool
}

// ObjectsTrouble is why the text of spec.parameters.objects gives no entries.
type ObjectsTrouble string

// The closed list of troubles of the whole objects text.
const (
	ObjectsMissing     ObjectsTrouble = "missing"
	ObjectsEmpty       ObjectsTrouble = "empty"       // no text, or an array without items
	ObjectsUnparseable ObjectsTrouble = "unparseable" // not YAML, or not of the shape array: [...]
)

// ObjectsField is the path of the objects text.
const ObjectsField = "spec.parameters.objects"

// Objects is the text of spec.parameters.objects taken apart.
type Objects struct {
	Trouble ObjectsTrouble
	Message string // the provider's own complaint, "" without trouble
	Line    int    // of the complaint within the text, 0 if unknown
	Entries []Entry
}

// EntryTrouble is why one item of the array cannot be read.
type EntryTrouble string

// The closed list of troubles of one item.
const (
	EntryIsMapping  EntryTrouble = "mapping"     // a YAML map where the provider wants a block string
	EntryNotMapping EntryTrouble = "not-mapping" // its text is not a mapping, or a field has the wrong type
)

// Entry is one item of the array: one vault object to fetch.
type Entry struct {
	Index   int
	Field   string // spec.parameters.objects[1]
	Line    int    // of its first line within the objects text, from 1
	Text    string // as written, to tell whether a change touched it
	Trouble EntryTrouble
	Message string

	Name, Alias, Version, Type, Format, Encoding string
	// History is objectVersionHistory; 2 or more changes the output path.
	History int
	// Unknown lists the fields that the provider silently ignores.
	Unknown []UnknownField
}

// UnknownField is a field that the provider does not know.
type UnknownField struct {
	Name       string
	Suggestion string // the known field that was probably meant, "" if none
}

// Output is the path under which the provider offers the entry: a SecretSync
// refers to it in sourcePath.
func (e Entry) Output() string {
	if e.Alias != "" {
		return e.Alias
	}
	return e.Name
}

// Produces reports whether the entry offers the source path. With a version
// history of 2 or more the provider offers <name>/0, <name>/1 … instead.
func (e Entry) Produces(sourcePath string) bool {
	if e.Trouble != "" || e.Output() == "" {
		return false
	}
	if e.History < 2 {
		return sourcePath == e.Output()
	}
	rest, ok := strings.CutPrefix(sourcePath, e.Output()+"/")
	n, err := strconv.Atoi(rest)
	return ok && err == nil && n >= 0 && n <= e.History
}

var entryFields = []string{"objectName", "objectAlias", "objectVersion", "objectVersionHistory",
	"objectType", "objectFormat", "objectEncoding", "filePermission"}

func parseProviderClass(provider string, params map[string]string) *SecretProviderClass {
	p := &SecretProviderClass{
		Provider:      provider,
		HasParameters: len(params) > 0,
		Vault:         parameter(params, "keyvaultName"),
		Tenant:        parameter(params, "tenantID", "tenantId"),
		ClientID:      parameter(params, "clientID"),
	}
	text, ok := params["objects"]
	if !ok {
		p.Objects.Trouble = ObjectsMissing
		return p
	}
	p.Objects = ParseObjects(text)
	return p
}

// parameter takes the first of the spellings that is set: the provider trims
// values and prefers tenantID over tenantId.
func parameter(params map[string]string, spellings ...string) Parameter {
	for _, s := range spellings {
		if v, ok := params[s]; ok {
			return Parameter{Value: strings.TrimSpace(v), Field: "spec.parameters." + s, Set: true}
		}
	}
	return Parameter{Field: "spec.parameters." + spellings[0]}
}

// ParseObjects reads the text of spec.parameters.objects as the provider does:
// an outer mapping with an array of strings, each string a mapping of its own.
func ParseObjects(text string) Objects {
	if strings.TrimSpace(text) == "" {
		return Objects{Trouble: ObjectsEmpty}
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return unparseable(yamlMessage(err), 0)
	}
	if len(doc.Content) == 0 {
		return Objects{Trouble: ObjectsEmpty}
	}
	root := resolve(doc.Content[0])
	if root.Kind != yaml.MappingNode {
		return unparseable("the text must begin with \"array:\"; it is "+shapeOf(root), root.Line)
	}
	array := mappingValue(root, "array")
	if array == nil {
		return unparseable("the text has no key \"array\"", root.Line)
	}
	if array.Kind == yaml.ScalarNode && array.Tag == "!!null" {
		return Objects{Trouble: ObjectsEmpty}
	}
	if array.Kind != yaml.SequenceNode {
		return unparseable("\"array\" must be a list; it is "+shapeOf(array), array.Line)
	}
	if len(array.Content) == 0 {
		return Objects{Trouble: ObjectsEmpty}
	}
	objects := Objects{Entries: make([]Entry, len(array.Content))}
	for i, item := range array.Content {
		objects.Entries[i] = parseEntry(i, resolve(item))
	}
	return objects
}

func unparseable(message string, line int) Objects {
	return Objects{Trouble: ObjectsUnparseable, Message: message, Line: line}
}

func parseEntry(i int, item *yaml.Node) Entry {
	e := Entry{Index: i, Field: fmt.Sprintf("%s[%d]", ObjectsField, i), Line: item.Line}
	if item.Kind != yaml.ScalarNode {
		e.Trouble, e.Message = EntryIsMapping, "it is "+shapeOf(item)+" where the provider wants a block of text"
		e.Name = describe(item)
		e.Text = flatten(item)
		return e
	}
	e.Text = item.Value
	if item.Tag == "!!null" {
		e.Text = ""
	}
	if msg := e.readFields(); msg != "" {
		e.Trouble, e.Message = EntryNotMapping, msg
	}
	return e
}

// readFields reads the first YAML document of the entry's text, the only one
// that the provider sees.
func (e *Entry) readFields() string {
	var doc yaml.Node
	err := yaml.NewDecoder(strings.NewReader(e.Text)).Decode(&doc)
	if errors.Is(err, io.EOF) {
		return "" // an empty item decodes to an object without a name
	}
	if err != nil {
		return yamlMessage(err)
	}
	m := resolve(doc.Content[0])
	if m.Kind == yaml.ScalarNode && m.Tag == "!!null" {
		return ""
	}
	if m.Kind != yaml.MappingNode {
		return "its text must be lines of \"field: value\"; it is " + shapeOf(m)
	}
	for i := 0; i+1 < len(m.Content); i += 2 {
		if msg := e.setField(m.Content[i].Value, resolve(m.Content[i+1])); msg != "" {
			return msg
		}
		for j := 0; j < i; j += 2 {
			if m.Content[j].Value == m.Content[i].Value {
				return "the field " + m.Content[i].Value + " stands twice"
			}
		}
	}
	return ""
}

func (e *Entry) setField(name string, v *yaml.Node) string {
	into := map[string]*string{"objectName": &e.Name, "objectAlias": &e.Alias, "objectVersion": &e.Version,
		"objectType": &e.Type, "objectFormat": &e.Format, "objectEncoding": &e.Encoding}[name]
	switch {
	case !slices.Contains(entryFields, name):
		e.Unknown = append(e.Unknown, UnknownField{name, nearestField(name)})
	case v.Kind != yaml.ScalarNode:
		return name + " must be a single value; it is " + shapeOf(v)
	case v.Tag == "!!null":
	case into != nil:
		*into = strings.TrimSpace(v.Value)
	case name == "objectVersionHistory":
		n, err := strconv.ParseInt(v.Value, 0, 32)
		if err != nil || v.Tag != "!!int" {
			return name + " must be a whole number"
		}
		e.History = int(n)
	}
	return ""
}

func mappingValue(m *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return resolve(m.Content[i+1])
		}
	}
	return nil
}

// resolve follows an alias once; yaml refuses chains that contain themselves.
func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func shapeOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	return "plain text"
}

// describe gives a map item the name it would have, so that a finding can say
// which one it is.
func describe(item *yaml.Node) string {
	if item.Kind != yaml.MappingNode {
		return ""
	}
	if v := mappingValue(item, "objectName"); v != nil && v.Kind == yaml.ScalarNode {
		return strings.TrimSpace(v.Value)
	}
	return ""
}

// flatten is a stable text of a node, for comparing old with new. Bounded in
// depth since aliases may nest.
func flatten(n *yaml.Node) string {
	var b strings.Builder
	var walk func(*yaml.Node, int)
	walk = func(n *yaml.Node, depth int) {
		fmt.Fprintf(&b, "%d:%s;", n.Kind, n.Value)
		if depth == 0 || b.Len() > 4096 {
			return
		}
		for _, c := range n.Content {
			walk(c, depth-1)
		}
	}
	walk(n, 8)
	return b.String()
}

func yamlMessage(err error) string {
	return strings.TrimPrefix(strings.Join(strings.Fields(err.Error()), " "), "yaml: ")
}
