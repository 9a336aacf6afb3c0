// Package pages is what there is to say of every code: a page for each rule, made
// from its METADATA, and a page for each misconfiguration that no rule can see,
// with the reason and the place to look. "storewarden explain" shows them, and
// policies/catalogue holds them as Markdown.
package pages

import (
	"cmp"
	_ "embed"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/verdict"
)

//go:embed unseen.yaml
var unseen []byte

// Page explains one code.
type Page struct {
	Code  string `json:"code"`
	Title string `json:"title"`
	// Of is the rule that reports the code, "" where it is the rule's own or where
	// no rule sees it.
	Of string `json:"of,omitempty"`
	// Severity is by profile, empty where no rule sees it.
	Severity map[engine.Profile]verdict.Severity `json:"severity,omitempty"`
	// Objects are the kinds in which the trouble is, or would be.
	Objects []string `json:"objects"`
	Why     string   `json:"why"`
	// Unseen is why no rule can see it, "" for a rule.
	Unseen string `json:"unseen,omitempty"`
	Looks  string `json:"looks"` // when it slips through
	// Fix is what to do; Cases are what to do in others of the rule's cases.
	Fix   string            `json:"fix"`
	Cases map[string]string `json:"cases,omitempty"`
	// Autofix is the line that webhook.autofix adds where it is certain, "" without one.
	Autofix string `json:"autofix,omitempty"`
	// Covers are other codes of the catalogue that the rule reports; Hides are those
	// that are not shown beside it for one entry, HiddenBy those that hide it.
	Covers   []string `json:"covers,omitempty"`
	Hides    []string `json:"hides,omitempty"`
	HiddenBy []string `json:"hiddenBy,omitempty"`
	Sources  []string `json:"sources"`
}

// Book is all pages, in the order of the catalogue.
type Book struct {
	pages []Page
}

// New makes the book of the rules in force, and of what no rule sees.
func New(rules []*engine.Rule) (Book, error) {
	var b Book
	if err := yaml.UnmarshalStrict(unseen, &b.pages); err != nil {
		return b, fmt.Errorf("pages of what no rule sees: %w", err)
	}
	for _, r := range rules {
		page := Page{Code: r.Code, Title: r.Title, Severity: r.Severity, Objects: r.Subjects, Why: r.Description, Looks: r.Symptom,
			Fix: r.Remedy, Cases: map[string]string{}, Covers: r.Covers, Hides: r.Implies, Sources: r.Sources}
		page.Autofix = line(r.Fix)
		for name, v := range r.Variants {
			page.Autofix = cmp.Or(page.Autofix, line(v.Fix))
			if v.Remedy != "" {
				page.Cases[name] = v.Remedy
			}
		}
		for _, other := range rules {
			if slices.Contains(other.Implies, r.Code) {
				page.HiddenBy = append(page.HiddenBy, other.Code)
			}
		}
		b.pages = append(b.pages, page)
		for _, code := range r.Covers {
			b.pages = append(b.pages, Page{Code: code, Title: r.Title, Of: r.Code, Severity: r.Severity, Objects: r.Subjects, Why: r.Description,
				Looks: r.Symptom, Fix: r.Remedy, Sources: r.Sources})
		}
	}
	slices.SortFunc(b.pages, func(x, y Page) int { return compare(x.Code, y.Code) })
	for i := range b.pages[1:] {
		if code := b.pages[i].Code; code == b.pages[i+1].Code {
			return b, fmt.Errorf("pages: there are two of %s", code)
		}
	}
	return b, nil
}

func line(f verdict.Fix) string {
	if f == (verdict.Fix{}) {
		return ""
	}
	return f.Field + ": " + f.Value
}

// families are in the order in which a certificate goes: class, sync, Secret, and
// then what it holds and who uses it.
var families = []string{"SPC", "SS", "SEC", "KV", "X", "CL", "U", "EXC"}

// compare puts the catalogue's families first, then the user's own.
func compare(a, b string) int {
	order := func(code string) int {
		family, _, _ := strings.Cut(code, "-")
		if i := slices.Index(families, family); i >= 0 {
			return i
		}
		return len(families)
	}
	if d := order(a) - order(b); d != 0 {
		return d
	}
	return strings.Compare(a, b)
}

// All are all pages.
func (b Book) All() []Page { return b.pages }

// Get finds the page of a code, in any case of letters: the rule's where a rule
// reports it.
func (b Book) Get(code string) (Page, bool) {
	for _, p := range b.pages {
		switch {
		case !strings.EqualFold(p.Code, code):
		case p.Of != "":
			return b.Get(p.Of)
		default:
			return p, true
		}
	}
	return Page{}, false
}

// WithSymptom are the pages whose trouble looks like that: text that stands in
// what the user sees, such as BadCertificateUntrusted, in any case of letters.
func (b Book) WithSymptom(text string) []Page {
	return b.filter(func(p Page) bool {
		return p.Of == "" && strings.Contains(strings.ToLower(p.Looks), strings.ToLower(text))
	})
}

// OnObject are the pages of one kind of object, in any case of letters.
func (b Book) OnObject(kind string) []Page {
	return b.filter(func(p Page) bool {
		return p.Of == "" && slices.ContainsFunc(p.Objects, func(o string) bool { return strings.EqualFold(o, kind) })
	})
}

func (b Book) filter(keep func(Page) bool) []Page {
	var out []Page
	for _, p := range b.pages {
		if keep(p) {
			out = append(out, p)
		}
	}
	return out
}

// word is a status code, or another name that programs print as one word.
var word = regexp.MustCompile(`\b(Bad[A-Z][A-Za-z]+|AADSTS[0-9]+|[A-Z][A-Za-z]+(Error|Failure|Misconfigured|Denied|Forbidden|Disabled|NotFound))\b`)

// Symptoms are the words that programs print, each with its pages.
func (b Book) Symptoms() map[string][]Page {
	out := map[string][]Page{}
	for _, p := range b.pages {
		if p.Of != "" {
			continue
		}
		words := word.FindAllString(p.Looks, -1)
		slices.Sort(words)
		for _, w := range slices.Compact(words) {
			out[w] = append(out[w], p)
		}
	}
	return out
}

// Objects are the kinds of objects that pages are about.
func (b Book) Objects() []string {
	kinds := map[string]bool{}
	for _, p := range b.pages {
		for _, o := range p.Objects {
			kinds[o] = true
		}
	}
	return slices.Sorted(maps.Keys(kinds))
}

// Silence shows how a finding is turned off without a hole: for one object until
// a day, or milder for a kind of store. It is "" where there is no finding.
func (p Page) Silence() string {
	if p.Unseen != "" {
		return ""
	}
	return "exceptions:\n- code: " + p.Code + "\n  namespace: NAMESPACE\n  name: OBJECT\n  entry: ENTRY\n  reason: why it is right here\n  until: YYYY-MM-DD\n" +
		"severities:\n  " + p.Code + "/opcua-trust: info\n"
}
