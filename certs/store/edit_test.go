package store

import (
	"strings"
	"testing"
)

func TestAddField(t *testing.T) {
	tests := map[string]struct {
		text  string
		index int
		want  string // "" where the text must be left alone
	}{
		"as the CLI writes it":     {"array:\n    - |\n      objectName: a\n      objectType: secret\n", 0, "array:\n    - |\n      objectEncoding: hex\n      objectName: a\n      objectType: secret\n"},
		"the second of three":      {"array:\n- |\n  objectName: a\n- |\n  objectName: b\n- |\n  objectName: c", 1, "array:\n- |\n  objectName: a\n- |\n  objectEncoding: hex\n  objectName: b\n- |\n  objectName: c"},
		"comments and blank lines": {"\n# all\narray:\n  - |  \n\n    # mine\n    objectName: a\n", 0, "\n# all\narray:\n  - |  \n    objectEncoding: hex\n\n    # mine\n    objectName: a\n"},
		"chomped":                  {"array:\n  - |-\n    objectName: a", 0, "array:\n  - |-\n    objectEncoding: hex\n    objectName: a"},
		"Windows line breaks":      {"array:\r\n  - |\r\n    objectName: a\r\n", 0, "array:\r\n  - |\r\n    objectEncoding: hex\n    objectName: a\r\n"},
		"it has the field":         {"array:\n  - |\n    objectName: a\n    objectEncoding: base64\n", 0, ""},
		"quoted":                   {"array: [\"objectName: a\"]\n", 0, ""},
		"folded":                   {"array:\n  - >\n    objectName: a\n", 0, ""},
		"indented by a number":     {"array:\n  - |2\n      objectName: a\n", 0, ""},
		"a mapping":                {"array:\n  - objectName: a\n", 0, ""},
		"an alias":                 {"x: &x |\n  objectName: a\narray:\n  - *x\n", 0, ""},
		"an anchor that others use": {
			"array:\n  - &x |\n    objectName: a\n  - *x\n", 0, ""},
		"a document before it": {"array:\n  - |\n    ---\n    objectName: a\n", 0, ""},
		"no such object":       {"array:\n  - |\n    objectName: a\n", 1, ""},
		"no text":              {"", 0, ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := AddField(tc.text, tc.index, "objectEncoding", "hex")
			if ok != (tc.want != "") || ok && got != tc.want {
				t.Errorf("got %t\n%s", ok, got)
			}
		})
	}
}

// Whatever the text is: the line is added to that object alone, or not at all.
func FuzzAddField(f *testing.F) {
	for _, seed := range []string{
		"array:\n  - |\n    objectName: a\n    objectType: secret\n", "array:\n- |+\n\n  # c\n  objectName: a\n\n- |\n  objectName: b",
		"array:\n  - &x |\n    objectName: a\n  - *x\n", "array: [\"objectName: a\"]", "array:\n  - |\n    ---\n    objectName: a\n", "array:\n  - |1\n  a: b\n",
	} {
		f.Add(seed, 0)
		f.Add(seed, 1)
	}
	f.Fuzz(func(t *testing.T, text string, index int) {
		with, ok := AddField(text, index, "objectEncoding", "hex")
		if !ok {
			return
		}
		if strings.Replace(with, "objectEncoding: hex\n", "", 1) == with {
			t.Fatal("nothing was added")
		}
		before, after := ParseObjects(text).Entries, ParseObjects(with).Entries
		for i := range before {
			if after[i].Index == index {
				if after[i].Encoding != "hex" || before[i].Encoding != "" {
					t.Errorf("the encoding was %q and is %q", before[i].Encoding, after[i].Encoding)
				}
				after[i].Encoding = ""
			}
			if after[i].Name != before[i].Name || after[i].Alias != before[i].Alias || after[i].Type != before[i].Type || after[i].Encoding != before[i].Encoding ||
				after[i].Version != before[i].Version || after[i].Format != before[i].Format || after[i].History != before[i].History || after[i].Trouble != before[i].Trouble {
				t.Errorf("object %d was %+v and is %+v", i, before[i], after[i])
			}
		}
	})
}
