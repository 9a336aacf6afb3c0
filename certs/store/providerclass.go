package store

import (
	"fmt"
	"maps"
	"slices"
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
	Cloud         string // cloudName
	// IgnoredTenant is the other value where both spellings of the tenant are set.
	IgnoredTenant string
	// ClientSpelling is a key that differs from clientID by case alone, which the
	// provider does not read; "" if there is none.
	ClientSpelling string
	// Modes are the switches that choose an identity, of those that are set.
	Modes   []Mode
	Objects Objects
	// SecretObjects names the Secrets that the CSI driver is to make.
	SecretObjects []string
}

// Mode is a parameter that switches a kind of identity on or off.
type Mode struct {
	Name  string
	Value string
	On    bool
	Legal bool // the value is one that the provider takes for true or false
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

// SecretObjectField is the field path of the Secret i that the CSI driver makes.
func SecretObjectField(i int) string { return fmt.Sprintf("spec.secretObjects[%d].secretName", i) }

// IsInstanceClass reports whether a SecretProviderClass is the one that Azure IoT
// Operations makes for the whole instance.
func IsInstanceClass(o *Object) bool {
	return o.SPC != nil && strings.HasPrefix(o.ID.Name, "spc-ops-")
}

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
	EntryDuplicate  EntryTrouble = "duplicate"   // a field stands twice
	EntryHistory    EntryTrouble = "history"     // objectVersionHistory is not a whole number
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
	// FilePermission is as written; the provider passes it on unread.
	FilePermission string
	// Dropped is whether more YAML documents follow the one that is read.
	Dropped bool
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
		Cloud:         strings.TrimSpace(params["cloudName"]),
		Modes:         modes(params),
	}
	if other := strings.TrimSpace(params["tenantId"]); other != "" && !strings.EqualFold(other, p.Tenant.Value) {
		p.IgnoredTenant = other
	}
	for _, k := range slices.Sorted(maps.Keys(params)) {
		if k != "clientID" && strings.EqualFold(k, "clientID") {
			p.ClientSpelling = k
		}
	}
	text, ok := params["objects"]
	if !ok {
		p.Objects.Trouble = ObjectsMissing
		return p
	}
	p.Objects = ParseObjects(text)
	return p
}

// modes reads the switches as the provider does; one that is empty is off.
func modes(params map[string]string) []Mode {
	var out []Mode
	for _, name := range []string{"usePodIdentity", "useVMManagedIdentity"} {
		if v := strings.TrimSpace(params[name]); v != "" {
			on, err := strconv.ParseBool(v)
			out = append(out, Mode{name, v, on, err == nil})
		}
	}
	return out
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
