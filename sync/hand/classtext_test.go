package hand

import (
	"slices"
	"strings"
	"testing"

	"github.com/storewarden/storewarden/certs/store"
)

func TestWithEntry(t *testing.T) {
	const cli = "array:\n    - |\n      objectEncoding: hex\n      objectName: cert-der\n      objectType: secret\n"
	const new2 = "    - |\n      objectEncoding: hex\n      objectName: new-der\n      objectType: secret\n"
	for name, tc := range map[string]struct{ text, want string }{
		"none":                {"", strings.ReplaceAll(cli, "cert-der", "new-der")},
		"an empty array":      {"array: []\n", strings.ReplaceAll(cli, "cert-der", "new-der")},
		"as the CLI wrote it": {cli, cli + new2},
		"no last line break":  {strings.TrimSuffix(cli, "\n"), cli + new2},
		"dashes at the margin": {"array:\n- |\n  objectName: a\n  objectType: secret\n",
			"array:\n- |\n  objectName: a\n  objectType: secret\n- |\n  objectEncoding: hex\n  objectName: new-der\n  objectType: secret\n"},
		"comments and blank lines stay": {"# ours\narray:\n  # first\n  - |\n    objectName: a # x\n    objectType: secret\n\n",
			"# ours\narray:\n  # first\n  - |\n    objectName: a # x\n    objectType: secret\n  - |\n    objectEncoding: hex\n    objectName: new-der\n    objectType: secret\n\n"},
		"a key after the array": {"array:\n- |\n  objectName: a\n  objectType: secret\nother: 1\n",
			"array:\n- |\n  objectName: a\n  objectType: secret\n- |\n  objectEncoding: hex\n  objectName: new-der\n  objectType: secret\nother: 1\n"},
		"quoted items": {"array:\n  - \"objectName: a\\nobjectType: secret\"\n",
			"array:\n  - \"objectName: a\\nobjectType: secret\"\n  - |\n    objectEncoding: hex\n    objectName: new-der\n    objectType: secret\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := withEntry(tc.text, classEntry("new-der", "hex"))
			if err != nil || got != tc.want {
				t.Fatalf("got %q, %v\nwant %q", got, err, tc.want)
			}
			back, err := withoutEntry(got, func(e store.Entry) bool { return e.Name == "new-der" })
			if err != nil {
				t.Fatal(err)
			}
			if before := store.ParseObjects(tc.text); before.Trouble == "" && !sameTexts(before.Entries, store.ParseObjects(back).Entries) {
				t.Errorf("taken out again: %q", back)
			}
		})
	}
	for name, text := range map[string]string{
		"a flow list": "array: [\"objectName: a\\nobjectType: secret\"]\n",
		"no YAML":     "array:\n\t- a\n",
		"an alias":    "x: &x\n  - |\n    objectName: a\narray: *x\n",
	} {
		if got, err := withEntry(text, classEntry("new-der", "hex")); err == nil {
			t.Errorf("%s: %q, want an error", name, got)
		}
	}
}

func TestWithoutEntryKeepsTheOthers(t *testing.T) {
	const text = "array:\n  # of press\n  - |\n    objectName: a\n    objectType: secret\n  # of oven\n  - |\n    objectName: b\n    # inside\n    objectType: secret\n  - |\n    objectName: c\n    objectType: secret\n"
	got, err := withoutEntry(text, func(e store.Entry) bool { return e.Name == "a" || e.Name == "c" })
	const want = "array:\n  # of press\n  # of oven\n  - |\n    objectName: b\n    # inside\n    objectType: secret"
	if err != nil || strings.TrimRight(got, "\n") != want {
		t.Errorf("got %q, %v\nwant %q", got, err, want)
	}
}

func FuzzWithEntry(f *testing.F) {
	for _, s := range []string{"", "array:\n- |\n  objectName: a\n", "array: []", "# x\narray:\n    - |\n      objectName: a\n\n\nb: 1\n", "array:\n- |+\n  objectName: a\n\n- >-\n  objectName: b\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := withEntry(text, classEntry("new-der", "hex"))
		if err != nil {
			return
		}
		before, now := store.ParseObjects(text), store.ParseObjects(got)
		if len(now.Entries) != len(before.Entries)+1 || !sameTexts(before.Entries, now.Entries[:len(before.Entries)]) {
			t.Errorf("%q became %q", text, got)
		}
	})
}

// Whatever the text, taking entries out leaves the others as they are, or is refused.
func FuzzWithoutEntry(f *testing.F) {
	for _, s := range []string{"array:\n- |\n  objectName: a\n- |\n  objectName: b\n", "array:\n  - a: b\n  - |\n    objectName: a\n", "array: [x]", "array:\n-\n- |\n  objectName: a\n#c\n", "x: 1\narray:\n- >-\n  objectName: a\ny: 2"} {
		f.Add(s, uint8(1))
	}
	f.Fuzz(func(t *testing.T, text string, which uint8) {
		goes := func(e store.Entry) bool { return e.Index%8 == int(which%8) }
		got, err := withoutEntry(text, goes)
		if err != nil {
			return
		}
		stay := slices.DeleteFunc(store.ParseObjects(text).Entries, goes)
		if now := store.ParseObjects(got).Entries; !sameTexts(stay, now) {
			t.Errorf("%q became %q", text, got)
		}
	})
}
