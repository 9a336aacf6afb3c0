package custom_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/storewarden/storewarden/policies"
	"github.com/storewarden/storewarden/policies/custom"
	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/input"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// write puts a file there all at once: nobody sees a half of it.
func write(t testing.TB, path, text string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	begun := filepath.Join(filepath.Dir(path), ".begun")
	must(t, os.WriteFile(begun, []byte(text), 0o600))
	must(t, os.Rename(begun, path))
}

// mount writes a folder as the kubelet mounts a ConfigMap: files in a hidden
// folder of the moment, ..data leading there, and visible names through ..data.
// On a folder that is mounted it exchanges the contents, all at once.
func mount(t testing.TB, dir, moment string, files map[string]string) {
	t.Helper()
	old, _ := os.Readlink(filepath.Join(dir, "..data"))
	for name, text := range files {
		write(t, filepath.Join(dir, moment, name), text)
	}
	must(t, os.Symlink(moment, filepath.Join(dir, "..data_tmp")))
	must(t, os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")))
	for name := range files {
		first, _, _ := strings.Cut(name, "/")
		if err := os.Symlink(filepath.Join("..data", first), filepath.Join(dir, first)); err != nil && !errors.Is(err, os.ErrExist) {
			t.Fatal(err)
		}
	}
	if old != "" {
		must(t, os.RemoveAll(filepath.Join(dir, old)))
	}
}

func names(files []engine.File) []string {
	out := []string{}
	for _, f := range files {
		out = append(out, filepath.Base(filepath.Dir(f.Name))+"/"+filepath.Base(f.Name)+"="+string(f.Text))
	}
	return out
}

func TestReadFolders(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "one", "rules", "b.rego"), "b")
	write(t, filepath.Join(dir, "one", "a.rego"), "a")
	write(t, filepath.Join(dir, "one", "a_test.rego"), "t")
	write(t, filepath.Join(dir, "one", "notes.md"), "no")
	write(t, filepath.Join(dir, "one", ".git", "c.rego"), "no")
	write(t, filepath.Join(dir, "one", ".hidden.rego"), "no")
	mount(t, filepath.Join(dir, "two"), "..2026_10_08", map[string]string{"c.rego": "c", "sub/d.rego": "d"})
	files, err := custom.Read(filepath.Join(dir, "one"), filepath.Join(dir, "two")+"/")
	must(t, err)
	if diff := cmp.Diff([]string{"one/a.rego=a", "one/a_test.rego=t", "rules/b.rego=b", "two/c.rego=c", "sub/d.rego=d"}, names(files)); diff != "" {
		t.Error(diff)
	}
	if !files[1].IsTest() || files[0].IsTest() {
		t.Error("tests are not told from rules")
	}
}

func TestReadRefuses(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "many", "x.rego"), "")
	for i := range 512 {
		write(t, filepath.Join(dir, "many", strings.Repeat("x", i%200)+strings.Repeat("y", i/200+1)+".rego"), "")
	}
	for i := range 5 {
		write(t, filepath.Join(dir, "big", strings.Repeat("x", i+1)+".rego"), strings.Repeat(" ", 900<<10))
	}
	write(t, filepath.Join(dir, "deep", strings.Repeat("d/", 12), "x.rego"), "")
	write(t, filepath.Join(dir, "twice", "x.rego"), "")
	must(t, os.MkdirAll(filepath.Join(dir, "odd", "x.rego.d"), 0o755))
	must(t, os.Symlink("nowhere", filepath.Join(dir, "odd", "x.rego")))
	must(t, os.MkdirAll(filepath.Join(dir, "round"), 0o755))
	must(t, os.Symlink(".", filepath.Join(dir, "round", "again")))
	for name, tc := range map[string]struct {
		dirs []string
		want string
	}{
		"no folder":       {[]string{"nowhere"}, "nowhere"},
		"a file":          {[]string{"twice/x.rego"}, "x.rego"},
		"many files":      {[]string{"many"}, "more than 512 files"},
		"big files":       {[]string{"big"}, "over 4 MiB together"},
		"deep folders":    {[]string{"deep"}, "more than 8 deep"},
		"a round":         {[]string{"round"}, "more than 8 deep"},
		"a folder twice":  {[]string{"twice", "twice/"}, "is read twice"},
		"a dangling link": {[]string{"odd"}, "x.rego"},
	} {
		t.Run(name, func(t *testing.T) {
			var dirs []string
			for _, d := range tc.dirs {
				dirs = append(dirs, filepath.Join(dir, d))
			}
			if files, err := custom.Read(dirs...); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("read %d files, %v; want an error that says %q", len(files), err, tc.want)
			}
		})
	}
}

const example = "../../test/example/policies"

func options(t testing.TB, extra ...engine.File) custom.TestOptions {
	t.Helper()
	files, err := custom.Read(example)
	must(t, err)
	return custom.TestOptions{Config: input.DefaultConfig(), Rules: policies.Files, Files: append(files, extra...), Cover: true}
}

func TestTheExamplePasses(t *testing.T) {
	report, err := custom.Test(t.Context(), options(t))
	must(t, err)
	if !report.OK() || len(report.Tests) != 5 || len(report.Coverage) != 1 || report.Coverage[0].Percent != 100 {
		t.Errorf("%+v", report)
	}
}

func extra(text string) engine.File {
	return engine.File{Name: "extra_test.rego", Text: []byte(`package custom.rules.extra_test

import data.custom.rules.acme_01
import data.storewarden.fixture

` + text)}
}

func TestTestTellsHowItWent(t *testing.T) {
	for name, tc := range map[string]struct {
		text, detail string
		want         custom.Outcome
	}{
		"passes":               {`test_it if count(acme_01.finding) == 0 with input as fixture.document({})`, "", custom.Passed},
		"fails with the value": {"test_it if {\n\tcount(acme_01.finding) == 3 with input as fixture.document({})\n}", "extra_test.rego:7 does not hold:", custom.Failed},
		"a misspelt fixture":   {`test_it if count(acme_01.finding) == 0 with input as fixture.document({"stor": {}})`, "undefined", custom.Failed},
		"cannot be evaluated":  {`test_it if count(acme_01.finding) == to_number(fixture.document({}).subject.kind)`, "to_number", custom.Broken},
		"is skipped":           {`todo_test_it if count(acme_01.finding) == 1 with input as fixture.document({})`, "", custom.Skipped},
	} {
		t.Run(name, func(t *testing.T) {
			report, err := custom.Test(t.Context(), options(t, extra(tc.text)))
			must(t, err)
			i := 0
			for i < len(report.Tests) && report.Tests[i].File != "extra_test.rego" {
				i++
			}
			if i == len(report.Tests) || report.Tests[i].Outcome != tc.want || !strings.Contains(report.Tests[i].Detail, tc.detail) {
				t.Errorf("want %s saying %q: %+v", tc.want, tc.detail, report.Tests)
			}
			if good := tc.want == custom.Passed || tc.want == custom.Skipped; report.OK() != good {
				t.Errorf("OK is %v", report.OK())
			}
		})
	}
}

func TestCoverageNamesWhatIsNotReached(t *testing.T) {
	opt := options(t)
	for i, f := range opt.Files {
		if f.IsTest() {
			opt.Files[i].Text = []byte("package custom.rules.acme_01_test\n\ntest_nothing if true\n")
		}
	}
	report, err := custom.Test(t.Context(), opt)
	must(t, err)
	if len(report.Coverage) != 1 || report.Coverage[0].Percent > 50 || len(report.Coverage[0].Missing) == 0 {
		t.Errorf("%+v", report.Coverage)
	}
}

func TestCheckLooksAtTests(t *testing.T) {
	for name, tc := range map[string]struct {
		file engine.File
		want string
	}{
		"broken Rego":          {extra("test_it if"), "extra_test.rego:6"},
		"a package not theirs": {engine.File{Name: "x_test.rego", Text: []byte("package storewarden.fixture\n\nentry(_) := 1\n")}, "x_test.rego:1: a test is in a package that is not yours"},
		"never equal":          {extra(`test_it if acme_01.finding == "ACME-01"`), "can never be equal"},
		"an unknown function":  {extra(`test_it if fixture.documnt({})`), "there is no function data.storewarden.fixture.documnt"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := custom.Check(options(t, tc.file))
			var ms engine.Mistakes
			if !errors.As(err, &ms) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want mistakes that say %q", err, tc.want)
			}
		})
	}
}
