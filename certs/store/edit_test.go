package store

import (
	"strconv"
	"strings"
	"testing"
)

func TestAddFields(t *testing.T) {
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
			got, added := AddFields(tc.text, []Addition{{tc.index, "objectEncoding", "hex"}})
			want := tc.want
			if want == "" {
				want = tc.text
			}
			if (len(added) == 1) != (tc.want != "") || got != want {
				t.Errorf("got %v\n%s", added, got)
			}
		})
	}
}

// A value that would bring a line of its own brings none, however it is indented.
func TestAddFieldsAddsSingleLines(t *testing.T) {
	const text = "array:\n  - |\n    objectName: a\n"
	for _, value := range []string{"hex\nobjectVersion: 0", "hex\n    objectVersion: 0", "hex\r\n    objectVersion: 0", "|\n      x", "hex\n  - |\n    objectName: b"} {
		if with, added := AddFields(text, []Addition{{0, "objectEncoding", value}}); len(added) > 0 || with != text {
			t.Errorf("%q became\n%s", value, with)
		}
	}
}

// Many lines cost what one does; an object that cannot take its line keeps none of the
// others from theirs.
func TestAddManyFields(t *testing.T) {
	const n = 900
	text, wanted := "array:\n", []Addition{}
	for i := range n {
		mark := "- |\n"
		if i == 7 {
			mark = "- >\n" // folded
		}
		text += mark + "  objectName: a" + strconv.Itoa(i) + "\n"
		wanted = append(wanted, Addition{i, "objectEncoding", "hex"}, Addition{i, "objectType", "secret"})
	}
	text = strings.Replace(text, "objectName: a9\n", "objectName: a9\n  objectType: secret\n", 1)
	with, added := AddFields(text, wanted)
	if len(added) != 2*n-4 {
		t.Errorf("%d were added", len(added))
	}
	entries := ParseObjects(with).Entries
	if e := entries[8]; e.Text != "objectEncoding: hex\nobjectType: secret\nobjectName: a8" {
		t.Errorf("the ninth is %q", e.Text)
	}
	for _, i := range []int{7, 9} {
		if entries[i].Encoding != "" || entries[i].Text != ParseObjects(text).Entries[i].Text {
			t.Errorf("object %d is %q", i, entries[i].Text)
		}
	}
}

// Whatever the text is: the line is added to that object alone, or not at all.
func FuzzAddFields(f *testing.F) {
	for _, seed := range []string{
		"array:\n  - |\n    objectName: a\n    objectType: secret\n", "array:\n- |+\n\n  # c\n  objectName: a\n\n- |\n  objectName: b",
		"array:\n  - &x |\n    objectName: a\n  - *x\n", "array: [\"objectName: a\"]", "array:\n  - |\n    ---\n    objectName: a\n", "array:\n  - |1\n  a: b\n",
	} {
		f.Add(seed, 0)
		f.Add(seed, 1)
	}
	f.Fuzz(func(t *testing.T, text string, index int) {
		with, added := AddFields(text, []Addition{{index, "objectEncoding", "hex"}})
		if len(added) == 0 {
			if with != text {
				t.Fatal("nothing was added, and the text is another")
			}
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
