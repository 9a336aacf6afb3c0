package manifest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
	kyaml "sigs.k8s.io/yaml"
)

const good = `apiVersion: v1
kind: Secret
metadata: {name: good}
`

// FuzzLoad holds Load to its contract for any text: it does not panic; a
// document put before or after changes nothing about the others, and is itself
// read whatever stands beside it; what has content leaves an object, something
// skipped or an error; every line lies within the text.
func FuzzLoad(f *testing.F) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range archives { // each file there opens branches of its own
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range txtar.Parse(data).Files {
			f.Add(string(file.Data))
		}
	}
	f.Add("---\n...\n%TAG ! x\n--- !x\n")             // markers and directives alone
	f.Add("{\"a\": 1} [2]\n--- {\"kind\": \"List\"}") // JSON in a row
	f.Add("a: b\r---\rc: d\u2028")                    // breaks that only YAML sees
	f.Add("....: a\n... b\n")                         // no markers
	f.Add("&a [*a]")                                  // an alias within itself
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsRune(text, 0) || strings.ContainsRune(text, '\ufeff') || strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff") {
			return // the first refuses a whole file, byte order marks count at its start
		}
		alone := load(t, text)
		checkLines(t, alone, text)
		if !strings.Contains(text, "---") && !strings.Contains(text, "...") && len(alone.counts()) == 0 {
			checkEmpty(t, text)
		}
		if strings.ContainsAny(strings.ReplaceAll(text, "\r\n", "\n"), "\r\u0085\u2028\u2029") {
			return // separators that no line begins with are an error, depending on what is before
		}
		after := load(t, text+"\n---\n"+good)
		if n := len(after.Objects); n == 0 || after.Objects[n-1].ID.Name != "good" || after.Objects[n-1].Line != lines(text)+2 {
			t.Errorf("the document after it is lost, or its line is wrong")
		}
		if diff := cmp.Diff(append(alone.counts(), "Secret good"), after.counts()); diff != "" && len(alone.counts()) != len(after.counts())-1 {
			t.Errorf("a document after it changed what is found (-alone +with):\n%s", diff)
		}
		before := load(t, good+"---\n"+text)
		if len(before.Objects) == 0 || before.Objects[0].ID.Name != "good" || len(before.counts()) != len(alone.counts())+1 {
			t.Errorf("a document before it is lost, or changed what is found: %d with it, %d alone", len(before.counts()), len(alone.counts()))
		}
	})
}

func load(t *testing.T, text string) *Set {
	t.Helper()
	s, err := Load([]string{Stdin}, strings.NewReader(text), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// counts has one text for each thing that was found.
func (s *Set) counts() []string {
	var c []string
	for _, e := range s.Errors {
		c = append(c, e.Err.Error())
	}
	for _, k := range s.Skipped {
		c = append(c, k.Kind+" "+k.Name)
	}
	for _, o := range s.Objects {
		c = append(c, o.ID.Kind+" "+o.ID.Name)
	}
	return c
}

func lines(text string) int { return 1 + strings.Count(text, "\n") }

func checkLines(t *testing.T, s *Set, text string) {
	t.Helper()
	in := func(what string, line int) {
		if line < 1 || line > lines(text) {
			t.Errorf("%s is at line %d of %d", what, line, lines(text))
		}
	}
	for _, o := range s.Objects {
		in("an object", o.Line)
		for _, m := range o.marks {
			in(m.field, o.LineOf(m.field))
		}
		if o.SPC != nil {
			for _, e := range o.SPC.Objects.Entries {
				in(e.Field, o.LineOf(e.Field))
			}
		}
	}
	for _, k := range s.Skipped {
		in("something skipped", k.Line)
	}
	for _, e := range s.Errors {
		in("an error", e.Line)
	}
}

// checkEmpty asks kubectl's own reader whether there is nothing in a text.
func checkEmpty(t *testing.T, text string) {
	t.Helper()
	var content []string
	for line := range strings.Lines(text) {
		trimmed := strings.Trim(line, " \t\r\n")
		if trimmed != "" && trimmed[0] != '#' && line[0] != '%' {
			content = append(content, line)
		}
	}
	raw, err := kyaml.YAMLToJSON([]byte(strings.Join(content, "")))
	empty := string(raw) == "null" || string(raw) == `""` || headOf(raw).isList() // a list that is empty has no object
	if err != nil || !empty {
		t.Errorf("nothing is said of a text that has content")
	}
}
