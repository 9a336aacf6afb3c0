package store

import (
	"strconv"
	"strings"
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
	Message string // what is wrong, "" without trouble
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
	Text    string // as written, less the last line break, to tell whether a change touched it
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
	return ok && err == nil && strconv.Itoa(n) == rest && n >= 0 && n <= e.History
}

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

// parameter takes the first of the spellings that has a value: the provider
// trims values, and reads tenantId only where tenantID is empty.
func parameter(params map[string]string, spellings ...string) Parameter {
	p := Parameter{Field: "spec.parameters." + spellings[0]}
	for _, s := range spellings {
		v, ok := params[s]
		if v = strings.TrimSpace(v); v != "" {
			return Parameter{Value: v, Field: "spec.parameters." + s, Set: true}
		}
		if ok && !p.Set {
			p.Field, p.Set = "spec.parameters."+s, true
		}
	}
	return p
}
