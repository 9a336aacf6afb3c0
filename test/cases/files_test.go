package cases_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/storewarden/storewarden/certs/store/manifest"
	"github.com/storewarden/storewarden/test/cases"
)

// A run with -update that finds what is listed changes no byte of a case.
func TestRewriteKeepsWhatIsRight(t *testing.T) {
	all, err := cases.All()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for _, c := range all {
		file := strings.TrimSuffix(c.Name, "+fixed") + ".txtar"
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, file), want, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := c.Rewrite(folder, c.Findings, c.Effects); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(folder, file))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-before +after):\n%s", file, diff)
		}
	}
}

// What Write leaves for a command line reads as the same objects.
func TestWriteIsReadAsTheSame(t *testing.T) {
	c, err := cases.Get("healthy-instance")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := c.Write(folder); err != nil {
		t.Fatal(err)
	}
	set, err := manifest.Load([]string{filepath.Join(folder, "manifests")}, nil, manifest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	reqs, err := c.Requests()
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, o := range set.Objects {
		got = append(got, o.ID.String())
	}
	for _, r := range reqs {
		want = append(want, r.Subject.ID.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("objects (-case +files):\n%s", diff)
	}
}
