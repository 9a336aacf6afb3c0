package remedy_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/test/cases"
	"github.com/storewarden/storewarden/test/remedy"
)

// judge plays a case as an audit does.
func judge(t *testing.T, c *cases.Case, engines *cases.Engines) []verdict.Finding {
	t.Helper()
	folder := t.TempDir()
	if err := c.Write(folder); err != nil {
		t.Fatal(err)
	}
	reader, err := c.Reader(folder)
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.Reviewer(engines, reader)
	if err != nil {
		t.Fatal(err)
	}
	reqs, err := c.Requests()
	if err != nil {
		t.Fatal(err)
	}
	var out []verdict.Finding
	for _, req := range reqs {
		v, err := r.Review(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, v.Findings...)
	}
	return out
}

// place is where a finding stands, without an index.
func place(f verdict.Finding) string {
	return fmt.Sprintf("%s %s %s/%s %s", f.Severity, f.Code, f.Object.Kind, f.Object.Name, f.Entry)
}

// Whoever follows a remedy to the letter is rid of the finding and gets no other.
// Every way out that is mechanical is taken, in every case.
func TestRemediesHeal(t *testing.T) {
	all, err := cases.All()
	if err != nil {
		t.Fatal(err)
	}
	var engines cases.Engines
	executed, byHand, told := map[string]int{}, map[string]bool{}, map[string]string{}
	for _, c := range all {
		before := judge(t, c, &engines)
		seen := map[string]bool{}
		for _, f := range before {
			for i, steps := range remedy.Alternatives(f.Remedy) {
				if id := fmt.Sprint(place(f), f.Field, i, steps); seen[id] {
					continue
				} else {
					seen[id] = true
				}
				mended, err := remedy.Follow(c, f, steps)
				if errors.Is(err, remedy.ErrWords) {
					told[f.Code] = err.Error()
					continue
				}
				t.Run(fmt.Sprintf("%s/%s/%s/%d", c.Name, f.Code, f.Object.Kind, i), func(t *testing.T) {
					if err != nil {
						t.Fatalf("%v\nthe remedy: %s", err, f.Remedy)
					}
					executed[f.Code]++
					heals(t, f, before, judge(t, mended, &engines))
				})
			}
		}
		if name, ok := strings.CutSuffix(c.Name, "+fixed"); ok {
			for _, f := range brokenBy(t, all, name) {
				byHand[f] = true
			}
		}
	}
	if len(executed) < 80 {
		t.Errorf("only the remedies of %d codes were executed: %v", len(executed), slices.Sorted(maps.Keys(executed)))
	}
	report(t, executed, byHand, told)
}

// welcome are words of information that a remedy may bring to light.
var welcome = map[string]string{
	"SPC-42": "an object that is mapped no longer may go too",
	"SS-16":  "a CRL in the trust list, where it belongs, is one that the az CLI does not show",
	"KV-10":  "a secret that could not be decoded before lacks its tag",
}

// heals demands that the finding is gone, and that none is there now that was
// not before.
func heals(t *testing.T, f verdict.Finding, before, after []verdict.Finding) {
	t.Helper()
	was, is := map[string]int{}, map[string]int{}
	for _, b := range before {
		was[place(b)]++
	}
	for _, a := range after {
		is[place(a)]++
	}
	if is[place(f)] >= was[place(f)] {
		t.Errorf("still %s: %s\nthe remedy: %s", place(f), f.Message, f.Remedy)
	}
	for _, a := range after {
		was[place(a)]--
		if was[place(a)] < 0 && !(a.Severity == verdict.Info && welcome[a.Code] != "") {
			t.Errorf("new: %s: %s\nthe remedy: %s", place(a), a.Message, f.Remedy)
		}
	}
}

func brokenBy(t *testing.T, all []*cases.Case, name string) (codes []string) {
	t.Helper()
	for _, c := range all {
		if c.Name == name {
			for _, l := range c.Findings {
				codes = append(codes, strings.Fields(l)[1])
			}
		}
	}
	return codes
}

// report accounts for every code: executed from its text, followed by hand in
// a case's fixed/ section, or left to a person.
func report(t *testing.T, executed map[string]int, byHand map[string]bool, told map[string]string) {
	t.Helper()
	n := 0
	for _, times := range executed {
		n += times
	}
	hand := 0
	for code := range byHand {
		if executed[code] == 0 {
			hand++
		}
	}
	t.Logf("executed from their text: %d remedies of %d codes; followed by hand alone: %d codes", n, len(executed), hand)
	for _, code := range slices.Sorted(maps.Keys(told)) {
		if executed[code] == 0 && !byHand[code] {
			t.Logf("%s %s", code, told[code])
		}
	}
}
