package store

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// block is the usual shape: one item whose text is the given lines.
func block(lines ...string) string {
	return "array:\n  - |\n    " + strings.Join(lines, "\n    ") + "\n"
}

func TestParseObjectsWhole(t *testing.T) {
	tests := map[string]struct {
		reason string
		text   string
		want   ObjectsTrouble
		line   int
	}{
		"SPC-10 empty text":         {"the provider trims, then says that objects is not set", " \n\t", ObjectsEmpty, 0},
		"SPC-10 empty array":        {"array: [] gives no object and no error", "array: []", ObjectsEmpty, 0},
		"SPC-10 null array":         {"a key without a value", "array:\n", ObjectsEmpty, 0},
		"SPC-10 null items":         {"dropped by the YAML library", "array:\n-\n- ~\n", ObjectsEmpty, 0},
		"SPC-10 null text":          {"null decodes to nothing", "null", ObjectsEmpty, 0},
		"SPC-10 comment":            {"a comment is no document", "# nothing\n", ObjectsEmpty, 0},
		"SPC-11 tab":                {"a tab cannot indent", "array:\n\t- |\n\t  objectName: a\n", ObjectsUnparseable, 2},
		"SPC-11 bare list":          {"a list where the key array is wanted", "\n- |\n  objectName: a\n", ObjectsUnparseable, 2},
		"SPC-11 plain text":         {"neither", "objectName", ObjectsUnparseable, 1},
		"SPC-11 misspelt array":     {"silently nothing to the provider", "arrays:\n  - |\n    objectName: a\n", ObjectsUnparseable, 1},
		"SPC-11 array is text":      {"a block marker one level too high", "array: |\n  - objectName: a\n", ObjectsUnparseable, 1},
		"SPC-11 array is a mapping": {"objects keyed by name", "array:\n  a: b\n", ObjectsUnparseable, 1},
		"SPC-14 array twice":        {"the YAML library refuses a key that stands twice", "array: []\narray: []\n", ObjectsUnparseable, 1},
		"too many keys":             {"a bound of ours", "array: []\n" + strings.Repeat("? a\n", maxFields), ObjectsUnparseable, 1},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := ParseObjects(tc.text)
			if got.Trouble != tc.want || got.Line != tc.line || len(got.Entries) != 0 {
				t.Errorf("%s: got trouble %q (%s) at line %d with %d entries, want %q at line %d",
					tc.reason, got.Trouble, got.Message, got.Line, len(got.Entries), tc.want, tc.line)
			}
			if (got.Message != "") != (tc.want == ObjectsUnparseable) {
				t.Errorf("%s: message is %q", tc.reason, got.Message)
			}
		})
	}
}

func TestParseObjectsEntry(t *testing.T) {
	tests := map[string]struct {
		reason string
		text   string
		want   Entry // Field, Text and Message are compared elsewhere
	}{
		"as the CLI writes it": {"the text of an ARM resource",
			"array:\n    - |\n      objectEncoding: hex\n      objectName: cert-der\n      objectType: secret\n",
			Entry{Line: 2, Name: "cert-der", Type: "secret", Encoding: "hex"}},
		"trimmed": {"the provider trims the text before it parses, and so may change its indentation",
			"\n  array:\n  - |\n    objectName: '  a '\n\n", Entry{Line: 3, Name: "a"}},
		"SPC-12 mapping": {"a list of maps where strings are wanted",
			"array:\n  - objectName: a\n    objectType: secret\n", Entry{Line: 2, Name: "a", Trouble: EntryIsMapping}},
		"SPC-12 list":             {"any other shape", "array:\n  - [a]\n", Entry{Line: 2, Trouble: EntryIsMapping}},
		"SPC-13 no space":         {"objectName:a is plain text", block("objectName:a"), Entry{Line: 2, Trouble: EntryNotMapping}},
		"SPC-13 plain text":       {"a number decodes to text as well", "array: [12]", Entry{Line: 1, Trouble: EntryNotMapping}},
		"SPC-14 known field":      {"a field that stands twice", block("objectName: a", "objectName: b"), Entry{Line: 2, Name: "a", Trouble: EntryDuplicate}},
		"SPC-14 unknown field":    {"the duplicate search does not ask who knows the field", block("objectName: a", "x: b", "x: c"), Entry{Line: 2, Name: "a", Trouble: EntryDuplicate, Unknown: []UnknownField{{"x", ""}, {"x", ""}}}},
		"SPC-15 misspelt":         {"silently dropped", block("objectName: a", "objectTyp: secret"), Entry{Line: 2, Name: "a", Unknown: []UnknownField{{"objectTyp", "objectType"}}}},
		"SPC-15 wrong case":       {"names are exact in case", block("objectName: a", "objecttype: secret"), Entry{Line: 2, Name: "a", Unknown: []UnknownField{{"objecttype", "objectType"}}}},
		"SPC-15 short name":       {"what one would guess", block("objectName: a", "encoding: hex"), Entry{Line: 2, Name: "a", Unknown: []UnknownField{{"encoding", "objectEncoding"}}}},
		"SPC-15 far":              {"nothing near", block("objectName: a", "colour: red"), Entry{Line: 2, Name: "a", Unknown: []UnknownField{{"colour", ""}}}},
		"SPC-16 two documents":    {"only the first is read", block("objectName: a", "---", "objectName: b"), Entry{Line: 2, Name: "a", Dropped: true}},
		"SPC-16 broken second":    {"what was to be a second one", block("objectName: a", "---", "objectName: [b"), Entry{Line: 2, Name: "a", Dropped: true}},
		"SPC-16 third of three":   {"an empty one between", block("objectName: a", "---", "---", "objectName: b"), Entry{Line: 2, Name: "a", Dropped: true}},
		"one document, marked":    {"nothing is lost", block("---", "objectName: a", "---", "# the end"), Entry{Line: 2, Name: "a"}},
		"SPC-17 empty item":       {"an object without a name", "array:\n  - ''\n", Entry{Line: 2}},
		"null item":               {"dropped without a word", "array:\n  -\n  - 'objectName: a'\n", Entry{Index: 1, Line: 3, Name: "a"}},
		"SPC-17 null name":        {"the same", block("objectName:"), Entry{Line: 2}},
		"SPC-19 as written":       {"objectType is exact in case", block("objectType: Secret"), Entry{Line: 2, Type: "Secret"}},
		"SPC-25 as written":       {"the rule folds the case, not the parser", block("objectEncoding: HEX"), Entry{Line: 2, Encoding: "HEX"}},
		"SPC-27 as written":       {"any text is read", block("objectFormat: der"), Entry{Line: 2, Format: "der"}},
		"SPC-29 as written":       {"any text is read", block("objectAlias: ../a"), Entry{Line: 2, Alias: "../a"}},
		"SPC-32 number":           {"a version of digits alone is text", block("objectVersion: 0012"), Entry{Line: 2, Version: "0012"}},
		"SPC-33 history":          {"a whole number", block("objectName: a", "objectVersionHistory: 2"), Entry{Line: 2, Name: "a", History: 2}},
		"SPC-33 hexadecimal":      {"as YAML has numbers", block("objectVersionHistory: 0x10"), Entry{Line: 2, History: 16}},
		"SPC-34 quoted":           {"text is no number", block("objectName: a", `objectVersionHistory: "2"`), Entry{Line: 2, Name: "a", Trouble: EntryHistory}},
		"SPC-34 word":             {"nor is a word", block("objectName: a", "objectVersionHistory: two"), Entry{Line: 2, Name: "a", Trouble: EntryHistory}},
		"SPC-34 too large":        {"over 32 bits", block("objectVersionHistory: 4294967296"), Entry{Line: 2, Trouble: EntryHistory}},
		"SPC-44 any permission":   {"not validated", block("objectName: a", "filePermission: abc"), Entry{Line: 2, Name: "a", FilePermission: "abc"}},
		"a field that is a list":  {"only single values decode to text", block("objectName: [a]", "objectType: secret"), Entry{Line: 2, Type: "secret", Trouble: EntryNotMapping}},
		"a field that is true":    {"single values of any type are text", block("objectName: true"), Entry{Line: 2, Name: "true"}},
		"merged":                  {"YAML's merge key is no field", block("<<: {objectType: secret}", "objectName: a"), Entry{Line: 2, Name: "a", Type: "secret"}},
		"alias":                   {"the line is the item's own", "x: &x |\n  objectName: a\n# c\narray:\n  - *x\n", Entry{Line: 5, Name: "a"}},
		"item is not YAML":        {"a quote that is never closed", block("objectName: 'a"), Entry{Line: 2, Trouble: EntryNotMapping}},
		"too many fields":         {"a bound of ours", "array:\n  - |\n" + strings.Repeat("    ? a\n", maxFields+1), Entry{Line: 2, Trouble: EntryNotMapping}},
		"a tag that does not fit": {"the YAML library refuses", "array:\n  - !!int a\n", Entry{Line: 2, Trouble: EntryNotMapping}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			objects := ParseObjects(tc.text)
			if objects.Trouble != "" || len(objects.Entries) != 1 {
				t.Fatalf("%s: got trouble %q (%s) and %d entries, want one", tc.reason, objects.Trouble, objects.Message, len(objects.Entries))
			}
			got := objects.Entries[0]
			if (got.Message != "") != (got.Trouble != "") {
				t.Errorf("%s: trouble %q has message %q", tc.reason, got.Trouble, got.Message)
			}
			if got.Field != fmt.Sprintf("spec.parameters.objects[%d]", tc.want.Index) {
				t.Errorf("%s: field is %q", tc.reason, got.Field)
			}
			got.Field, got.Text, got.Message = "", "", ""
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

func TestEntryTextStaysWhenAnotherIsAdded(t *testing.T) {
	one := block("objectName: a")
	two := one + "  - |\n    objectName: b\n"
	before, after := ParseObjects(one).Entries[0], ParseObjects(two).Entries[0]
	if before.Text != after.Text {
		t.Errorf("the text of an entry changed from %q to %q when another was added", before.Text, after.Text)
	}
	changed := ParseObjects(block("objectName: a", "objectType: secret")).Entries[0]
	if before.Text == changed.Text {
		t.Errorf("the text of an entry stayed %q when a field was added", before.Text)
	}
	mapA, mapB := ParseObjects("array:\n- {a: 1}\n").Entries[0], ParseObjects("array:\n- {a: 2}\n").Entries[0]
	if mapA.Text == mapB.Text {
		t.Errorf("two different map items have the same text %q", mapA.Text)
	}
}

func TestEntryProduces(t *testing.T) {
	tests := map[string]struct {
		entry Entry
		yes   []string
		no    []string
	}{
		"name":                  {Entry{Name: "a"}, []string{"a"}, []string{"", "A", "a/0", "b"}},
		"alias wins":            {Entry{Name: "a", Alias: "b"}, []string{"b"}, []string{"a"}},
		"history of 1":          {Entry{Name: "a", History: 1}, []string{"a"}, []string{"a/0"}},
		"history of 2 gives 3":  {Entry{Name: "a", History: 2}, []string{"a/0", "a/1", "a/2"}, []string{"a", "a/3", "a/-1", "a/+1", "a/01", "a/", "b/0"}},
		"negative history":      {Entry{Name: "a", History: -3}, []string{"a"}, []string{"a/0"}},
		"unreadable":            {Entry{Name: "a", Trouble: EntryIsMapping}, nil, []string{"a"}},
		"without name or alias": {Entry{}, nil, []string{""}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			for _, p := range tc.yes {
				if !tc.entry.Produces(p) {
					t.Errorf("Produces(%q) is false", p)
				}
			}
			for _, p := range tc.no {
				if tc.entry.Produces(p) {
					t.Errorf("Produces(%q) is true", p)
				}
			}
		})
	}
}

// provider decodes a text into the types that the Azure provider uses, with
// the YAML library that it uses: the reference for ParseObjects.
type provider struct {
	Name     string `yaml:"objectName"`
	Alias    string `yaml:"objectAlias"`
	Version  string `yaml:"objectVersion"`
	History  int32  `yaml:"objectVersionHistory"`
	Type     string `yaml:"objectType"`
	Format   string `yaml:"objectFormat"`
	Encoding string `yaml:"objectEncoding"`
	Mode     string `yaml:"filePermission"`
}

func asProvider(text string) (objects []provider, ok bool) {
	var outer struct {
		Array []string `yaml:"array"`
	}
	if yaml.Unmarshal([]byte(strings.TrimSpace(text)), &outer) != nil {
		return nil, false
	}
	for _, item := range outer.Array {
		var o provider
		if yaml.Unmarshal([]byte(item), &o) != nil {
			return nil, false
		}
		for _, s := range []*string{&o.Name, &o.Alias, &o.Version, &o.Type, &o.Format, &o.Encoding, &o.Mode} {
			*s = strings.TrimSpace(*s)
		}
		objects = append(objects, o)
	}
	return objects, true
}

// FuzzParseObjects holds ParseObjects to its contract for any text: it does not
// panic; it finds trouble exactly where decoding into the provider's own types
// fails, and else the same objects; every entry has its field path; the lines
// of entries never go back and lie within the text; every trouble has a
// message.
func FuzzParseObjects(f *testing.F) {
	for _, seed := range []string{
		"array:\n  - |\n    objectName: a\n    objectType: secret\n",     // the usual shape
		"\n\n  array:\n  - |\n    objectName: a\n",                       // trimmed, shifted lines
		"array:\n  - objectName: a\n",                                    // an item that is a mapping
		"array: [a, '', ~, 12, !!binary YQ==]",                           // scalars of every kind
		"array: [\"objectVersionHistory: 1.5\", \"objectName: [a]\"]",    // fields of other types
		"array: [\"<<: {objectName: a}\", \"a: 1\\na: 2\", \"!!int a\"]", // merges, duplicates, tags
		"x: &x [\"objectName: a\"]\narray: *x\n",                         // an alias for the array
		"<<: {array: [a: b]}\n",                                          // an array that is merged in
		"array: {a: b}", "- a", "array:\n-", "array: 1", "arrays: []", "null", "# c", "\tarray:", "array: &a [*a]",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return // JSON has no such text
		}
		got := ParseObjects(text)
		want, ok := asProvider(text)
		if (got.Trouble == ObjectsUnparseable) != (got.Message != "") {
			t.Errorf("trouble %q has message %q", got.Trouble, got.Message)
		}
		if got.Line > lines(text) {
			t.Errorf("the complaint's line %d is beyond the %d lines of the text", got.Line, lines(text))
		}
		if got.Trouble != "" {
			if len(got.Entries) != 0 || len(want) != 0 && !strings.Contains(got.Message, "too many keys") {
				t.Errorf("trouble %q with %d entries where the provider has %d objects", got.Trouble, len(got.Entries), len(want))
			}
			return
		}
		checkEntries(t, text, got.Entries)
		compareEntries(t, got.Entries, want, ok)
	})
}

// lines is at least the number of lines as YAML counts them.
func lines(text string) int {
	return 1 + strings.Count(text, "\n") + strings.Count(text, "\r") + strings.Count(text, "\u0085") +
		strings.Count(text, "\u2028") + strings.Count(text, "\u2029")
}

func checkEntries(t *testing.T, text string, entries []Entry) {
	t.Helper()
	last := 1
	for i, e := range entries {
		if e.Index < i || e.Field != fmt.Sprintf("%s[%d]", ObjectsField, e.Index) {
			t.Errorf("entry %d has index %d and field %q", i, e.Index, e.Field)
		}
		if e.Line < last || e.Line > lines(text) {
			t.Errorf("entry %d is at line %d after line %d of %d", i, e.Line, last, lines(text))
		}
		last = e.Line
		if (e.Trouble != "") != (e.Message != "") {
			t.Errorf("entry %d has trouble %q with message %q", i, e.Trouble, e.Message)
		}
	}
}

func compareEntries(t *testing.T, entries []Entry, want []provider, ok bool) {
	t.Helper()
	for _, e := range entries {
		if e.Trouble != "" {
			if ok && !strings.HasPrefix(e.Message, "it has") {
				t.Errorf("entry %d has trouble %q (%s); the provider has none", e.Index, e.Trouble, e.Message)
			}
			return
		}
	}
	if !ok {
		t.Fatal("no trouble where the provider fails")
	}
	if len(entries) != len(want) {
		t.Fatalf("%d entries, the provider has %d", len(entries), len(want))
	}
	for i, e := range entries {
		same := provider{e.Name, e.Alias, e.Version, int32(e.History), e.Type, e.Format, e.Encoding, want[i].Mode}
		if diff := cmp.Diff(want[i], same); diff != "" {
			t.Errorf("entry %d (-provider +ours):\n%s", i, diff)
		}
	}
}
