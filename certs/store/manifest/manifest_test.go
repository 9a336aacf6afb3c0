package manifest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/storewarden/storewarden/certs/store"
)

// TestLoad reads the files of each archive in testdata and compares the set,
// written as text, with the archive's file "want". A line of it that is
// indented asks for a field of the object above, and answers with its line.
func TestLoad(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			want := ""
			files := map[string]string{}
			for _, f := range a.Files {
				if f.Name == "want" {
					want = string(f.Data)
					continue
				}
				files[f.Name] = string(f.Data)
			}
			t.Chdir(writeFiles(t, files))
			set, err := Load([]string{"."}, nil, Options{DefaultNamespace: "default"})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, describe(set, files, queries(want))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// queries are the fields asked for below each line of an object.
func queries(want string) map[string][]string {
	asked := map[string][]string{}
	object := ""
	for line := range strings.Lines(want) {
		line = strings.TrimSuffix(line, "\n")
		if field, ok := strings.CutPrefix(line, "  "); ok {
			field, _, _ = strings.Cut(field, " | ")
			asked[object] = append(asked[object], field)
			continue
		}
		object = line
	}
	return asked
}

func describe(s *Set, files map[string]string, asked map[string][]string) string {
	var b strings.Builder
	for _, o := range s.Objects {
		line := fmt.Sprintf("object %s:%d %s %s/%s", o.File, o.Line, o.ID.Kind, o.ID.Namespace, o.ID.Name)
		fmt.Fprintln(&b, line)
		for _, f := range asked[line] {
			n := o.LineOf(f)
			fmt.Fprintf(&b, "  %s | %d: %s\n", f, n, strings.TrimSpace(strings.Split(files[o.File], "\n")[n-1]))
		}
	}
	for _, k := range s.Skipped {
		version, kind := k.APIVersion, k.Kind
		if kind == "" {
			version, kind = `""`, `""`
		}
		fmt.Fprintf(&b, "skipped %s:%d %s %s %s/%s\n", k.File, k.Line, version, kind, k.Namespace, k.Name)
	}
	for _, e := range s.Errors {
		fmt.Fprintf(&b, "error %v\n", e)
	}
	return b.String()
}

func writeFiles(t *testing.T, files map[string]string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	for name, text := range files {
		p := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

const secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: ns}\n"

func TestLoadFiles(t *testing.T) {
	tests := map[string]struct {
		reason  string
		files   map[string]string
		links   map[string]string // link to target
		paths   []string
		objects int
		bad     []string // files with errors
	}{
		"folder": {
			reason: "manifests at any depth, no other files, no hidden folders",
			files: map[string]string{"a.yaml": secret, "x/b.yml": secret, "x/y/c.JSON": secret, "d.txt": secret, "README.md": "{",
				".git/e.yaml": secret, "x/.hidden/f.yaml": secret},
			paths: []string{"."}, objects: 3,
		},
		"named":            {reason: "what is named is read whatever its name", files: map[string]string{"d.txt": secret, ".hidden/f.yaml": secret}, paths: []string{"d.txt", ".hidden"}, objects: 2},
		"named twice":      {reason: "a file counts once", files: map[string]string{"x/a.yaml": secret}, paths: []string{"x", ".", "x/a.yaml", "./x/../x/a.yaml"}, objects: 1},
		"same in two":      {reason: "one object in two files is two", files: map[string]string{"a.yaml": secret, "b.yaml": secret}, paths: []string{"."}, objects: 2},
		"missing":          {reason: "the others are read", files: map[string]string{"a.yaml": secret}, paths: []string{"gone.yaml", "a.yaml"}, objects: 1, bad: []string{"gone.yaml"}},
		"binary":           {reason: "no text", files: map[string]string{"a.yaml": "\x00\x01" + secret, "b.yaml": secret}, paths: []string{"."}, objects: 1, bad: []string{"a.yaml"}},
		"UTF-16":           {reason: "another encoding", files: map[string]string{"a.yaml": "\xff\xfea\x00:\x00"}, paths: []string{"."}, bad: []string{"a.yaml"}},
		"byte order mark":  {reason: "harmless", files: map[string]string{"a.yaml": "\ufeff" + secret, "b.json": "\ufeff{\"apiVersion\": \"v1\", \"kind\": \"Secret\"}"}, paths: []string{"."}, objects: 2},
		"too large":        {reason: "bounded", files: map[string]string{"a.yaml": secret + strings.Repeat("#", 1000), "b.yaml": secret}, paths: []string{"."}, objects: 1, bad: []string{"a.yaml"}},
		"just fits":        {reason: "bounded, not earlier", files: map[string]string{"a.yaml": secret + strings.Repeat("#", 1000-len(secret))}, paths: []string{"."}, objects: 1},
		"empty folder":     {reason: "nothing to read is no error", files: map[string]string{"x/a.txt": ""}, paths: []string{"x"}},
		"empty file":       {reason: "no document", files: map[string]string{"a.yaml": "", "b.json": "\n"}, paths: []string{"."}},
		"linked file":      {reason: "a mounted ConfigMap", files: map[string]string{"..data/a.yaml": secret}, links: map[string]string{"a.yaml": "..data/a.yaml"}, paths: []string{"."}, objects: 1},
		"linked folder":    {reason: "read once", files: map[string]string{"x/a.yaml": secret}, links: map[string]string{"y": "x", "z": "x"}, paths: []string{"."}, objects: 1},
		"loop to a parent": {reason: "said, and the rest is read", files: map[string]string{"x/a.yaml": secret}, links: map[string]string{"x/loop": ".."}, paths: []string{"."}, objects: 1, bad: []string{"x/loop"}},
		"loop to itself":   {reason: "said", files: map[string]string{"a.yaml": secret}, links: map[string]string{"self": "self"}, paths: []string{"."}, objects: 1, bad: []string{"self"}},
		"dangling link":    {reason: "said only of a manifest", files: map[string]string{"a.yaml": secret}, links: map[string]string{"b.yaml": "gone", "result": "gone"}, paths: []string{"."}, objects: 1, bad: []string{"b.yaml"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Chdir(writeFiles(t, tc.files))
			for link, target := range tc.links {
				if err := os.Symlink(target, link); err != nil {
					t.Fatal(err)
				}
			}
			set, err := Load(tc.paths, nil, Options{MaxBytes: 1000})
			if err != nil {
				t.Fatal(err)
			}
			var bad []string
			for _, e := range set.Errors {
				bad = append(bad, e.File)
			}
			if diff := cmp.Diff(tc.bad, bad); diff != "" || len(set.Objects) != tc.objects {
				t.Errorf("%s: %d objects, want %d; files with errors (-want +got):\n%s\n%v", tc.reason, len(set.Objects), tc.objects, diff, set.Errors)
			}
		})
	}
}

func TestLoadStdin(t *testing.T) {
	set, err := Load([]string{"-"}, strings.NewReader(strings.Repeat("# long\n", 1000)+secret), Options{MaxBytes: 10})
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Objects) != 1 || set.Objects[0].File != Stdin || set.Objects[0].Line != 1001 {
		t.Errorf("got %v and errors %v, want one object at line 1001", set.Objects, set.Errors)
	}
	if _, err := Load([]string{"-"}, nil, Options{}); err == nil {
		t.Error("no error without a standard input")
	}
	if _, err := Load([]string{"-", "-"}, strings.NewReader(secret), Options{}); err == nil {
		t.Error("no error for standard input named twice")
	}
}

func TestFileErrorKeepsItsCause(t *testing.T) {
	set, err := Load([]string{filepath.Join(t.TempDir(), "gone")}, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Errors) != 1 || !errors.Is(set.Errors[0], os.ErrNotExist) {
		t.Errorf("got %v, want one that wraps os.ErrNotExist", set.Errors)
	}
}

func TestGetAndList(t *testing.T) {
	files := map[string]string{
		"1.yaml": secret + "type: old\n---\n" + strings.Replace(secret, "name: a", "name: b", 1),
		"2.yaml": secret + "type: new\n---\n" + strings.Replace(secret, "namespace: ns", "namespace: other", 1) +
			"---\napiVersion: v1\nkind: Secret\nmetadata: {name: nowhere}\n",
	}
	t.Chdir(writeFiles(t, files))
	set, err := Load([]string{"."}, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := set.Get(t.Context(), store.KindSecret, "ns", "a")
	if err != nil || got.Secret.Type != "new" {
		t.Errorf("got %v, %v; want the last of two", got, err)
	}
	for name, k := range map[string]key{"name": {store.KindSecret, "ns", "x"}, "namespace": {store.KindSecret, "x", "a"}, "kind": {store.KindSecretSync, "ns", "a"}} {
		if _, err := set.Get(t.Context(), k.kind, k.namespace, k.name); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("another %s: got %v, want store.ErrNotFound", name, err)
		}
	}
	for ns, want := range map[string][]string{"ns": {"b", "a"}, "other": {"a"}, "": {"nowhere"}, "x": nil} {
		list, err := set.List(t.Context(), store.KindSecret, ns)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, o := range list {
			names = append(names, o.ID.Name)
		}
		if diff := cmp.Diff(want, names); diff != "" {
			t.Errorf("namespace %q (-want +got):\n%s", ns, diff)
		}
	}
}

func TestLinesThatOnlyYAMLBreaks(t *testing.T) {
	for name, breaks := range map[string]string{"NEL": "\u0085", "LS": "\u2028", "PS": "\u2029", "CR": "\r"} {
		text := "# comment " + breaks + "# more\n" + secret + "data:\r\n  k: AA==\r\n"
		set, err := Load([]string{"-"}, strings.NewReader(text), Options{})
		if err != nil || len(set.Objects) != 1 {
			t.Fatalf("%s: %v %v", name, err, set.Errors)
		}
		if o := set.Objects[0]; o.Line != 2 || o.LineOf("data[k]") != 6 {
			t.Errorf("%s: the object is at line %d, its key at %d; want 2 and 6", name, o.Line, o.LineOf("data[k]"))
		}
	}
	set, err := Load([]string{"-"}, strings.NewReader("a: b\r---\r"+strings.ReplaceAll(secret, "\n", "\r")), Options{})
	if err != nil || len(set.Errors) != 1 {
		t.Errorf("got %v, %v; a document behind a separator that is not seen must be an error", set, err)
	}
}

func TestErrorsQuoteNoValue(t *testing.T) {
	const marked = "MARKEDVALUE"
	for name, value := range map[string]string{
		"alias": "*" + marked, "tag": "!!int " + marked, "tag of bytes": "!!binary " + marked + "!", "template": "{{ " + marked + " }}",
		"not base64": marked + "!", "quote": "'" + marked, "list": "[" + marked, "mapping": "{a: " + marked + "}",
		"two values": marked + ": " + marked, "percent": "%" + marked, "tab": "\t" + marked, "float": "!!float " + marked,
	} {
		for _, in := range []string{"data", "stringData"} {
			text := secret + in + ":\n  k: " + value + "\n"
			set, err := Load([]string{"-"}, strings.NewReader(text), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if in == "data" && len(set.Errors) == 0 {
				t.Errorf("%s: no error", name)
			}
			for _, e := range set.Errors {
				if strings.Contains(e.Error(), marked) {
					t.Errorf("%s in %s: the error quotes the value", name, in)
				}
			}
		}
	}
}
