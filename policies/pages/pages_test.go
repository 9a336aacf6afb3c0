package pages_test

import (
	"bufio"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/storewarden/storewarden/policies"
	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/input"
	"github.com/storewarden/storewarden/policies/pages"
)

var update = flag.Bool("update", false, "write the catalogue anew")

func book(t *testing.T) (pages.Book, *engine.Engine) {
	t.Helper()
	e, err := engine.New(engine.Options{Config: input.DefaultConfig()}, policies.Files)
	if err != nil {
		t.Fatal(err)
	}
	b, err := pages.New(e.Rules())
	if err != nil {
		t.Fatal(err)
	}
	return b, e
}

// Every misconfiguration that is known is explained: by the rule that the list
// names, or by a page that says why no rule can see it. The list is written by
// hand, so that neither a rule nor a page is lost unnoticed.
func TestEveryMisconfigurationIsExplained(t *testing.T) {
	t.Parallel()
	b, e := book(t)
	f, err := os.Open("testdata/misconfigurations.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	listed := map[string]bool{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		words := strings.Fields(lines.Text())
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		code, by := words[0], words[1]
		if listed[code] {
			t.Errorf("%s stands twice", code)
		}
		listed[code] = true
		page, ok := b.Get(code)
		switch {
		case !ok:
			t.Errorf("%s is explained nowhere", code)
		case by == "page":
			if _, isRule := e.Rule(code); isRule || page.Unseen == "" || page.Code != code {
				t.Errorf("%s has no page that says why no rule sees it", code)
			}
		case page.Code != by || page.Unseen != "":
			t.Errorf("%s is explained by %s, not by rule %s", code, page.Code, by)
		}
	}
	if len(listed) != 182 {
		t.Errorf("%d misconfigurations are listed, not 182", len(listed))
	}
	for _, p := range b.All() {
		if ours := []string{"KV-00", "EXC-01"}; !listed[p.Code] && !slices.Contains(ours, p.Code) {
			t.Errorf("%s is in no list", p.Code)
		}
	}
}

// A page says all that a reader needs.
func TestPagesAreComplete(t *testing.T) {
	t.Parallel()
	b, _ := book(t)
	for _, p := range b.All() {
		if p.Title == "" || p.Why == "" || p.Looks == "" || p.Fix == "" || len(p.Objects) == 0 || len(p.Sources) == 0 {
			t.Errorf("%s is incomplete: %+v", p.Code, p)
		}
		if (p.Unseen == "") != (len(p.Severity) == len(engine.Profiles())) {
			t.Errorf("%s has either a severity or a reason why it has none", p.Code)
		}
	}
}

func TestIndexes(t *testing.T) {
	t.Parallel()
	b, _ := book(t)
	for _, code := range []string{"KV-01", "kv-02"} { // one rule reports both
		if p, ok := b.Get(code); !ok || p.Code != "KV-01" {
			t.Errorf("%s leads to %q", code, p.Code)
		}
	}
	if _, ok := b.Get("KV-99"); ok {
		t.Error("KV-99 is explained")
	}
	has := func(ps []pages.Page, code string) bool {
		return slices.ContainsFunc(ps, func(p pages.Page) bool { return p.Code == code })
	}
	chain := b.WithSymptom("badcertificatechainincomplete")
	if !has(chain, "X-09") || !has(chain, "X-10") || has(chain, "SPC-01") {
		t.Errorf("BadCertificateChainIncomplete leads to %d pages", len(chain))
	}
	if got := b.Symptoms()["BadCertificateUntrusted"]; !has(got, "X-08") || !has(got, "X-35") {
		t.Errorf("BadCertificateUntrusted is listed with %d pages", len(got))
	}
	devices := b.OnObject("device")
	if !has(devices, "U-12") || !has(devices, "U-13") || has(devices, "X-01") {
		t.Errorf("Device leads to %d pages", len(devices))
	}
	for _, p := range b.WithSymptom("") {
		if p.Of != "" {
			t.Errorf("%s stands beside %s, which is the same", p.Code, p.Of)
		}
	}
}

func TestCatalogueIsMadeFromTheRules(t *testing.T) {
	t.Parallel()
	b, _ := book(t)
	const dir = "../catalogue"
	want := b.Markdown()
	if *update {
		for name, text := range want {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	there, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range there {
		raw, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want[f.Name()], string(raw)); diff != "" {
			t.Errorf("%s has drifted; go test ./policies/pages -update (-want +got):\n%s", f.Name(), diff)
		}
		delete(want, f.Name())
	}
	for name := range want {
		t.Errorf("%s is missing; go test ./policies/pages -update", name)
	}
}

var anchor = regexp.MustCompile(`\]\(([A-Z]*\.md)?#([a-z0-9-]+)\)`)

// Every link of the catalogue leads to a heading that is there, and so does the
// address that reports give.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	b, _ := book(t)
	files := b.Markdown()
	headings := map[string]bool{}
	for name, text := range files {
		for _, l := range strings.Split(text, "\n") {
			if h, ok := strings.CutPrefix(l, "## "); ok {
				headings[name+"#"+strings.ReplaceAll(strings.ToLower(h), " ", "-")] = true
			}
		}
	}
	links := 0
	for name, text := range files {
		for _, m := range anchor.FindAllStringSubmatch(text, -1) {
			to := m[1]
			if to == "" {
				to = name
			}
			if links++; !headings[to+"#"+m[2]] {
				t.Errorf("%s: %s leads nowhere", name, m[0])
			}
		}
	}
	for _, p := range b.All() {
		if to := strings.TrimPrefix(pages.URL(p.Code), pages.Home); !headings[to] {
			t.Errorf("%s: %s leads nowhere", p.Code, to)
		}
	}
	if links < 182 {
		t.Errorf("only %d links", links)
	}
	if pages.URL("ACME-01") != "" {
		t.Error("a user's own rule has no page of ours")
	}
}
