package cases_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/storewarden/storewarden/policies"
	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/input"
	"github.com/storewarden/storewarden/test/cases"
)

// A rule without a case that fires is a guess, and one that no healthy case
// passes by is an alarm; a code that no rule has is a slip in a case.
func TestEveryRuleHasItsCases(t *testing.T) {
	e, err := engine.New(engine.Options{Config: input.DefaultConfig()}, policies.Files)
	if err != nil {
		t.Fatal(err)
	}
	all, err := cases.All()
	if err != nil {
		t.Fatal(err)
	}
	fired := map[string]bool{}  // code and kind
	passed := map[string]bool{} // likewise
	for _, c := range all {
		reqs, err := c.Requests()
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		said := map[string]bool{}
		for _, l := range c.Findings {
			f := strings.Fields(l)
			if _, ok := e.Rule(f[1]); !ok {
				t.Errorf("%s lists %s, which is no rule's code", c.Name, f[1])
			}
			kind, _, _ := strings.Cut(f[2], "/")
			said[f[1]+" on "+kind] = true
		}
		for _, r := range e.Rules() {
			for _, req := range reqs {
				id := r.Code + " on " + req.Subject.ID.Kind
				fired[id] = fired[id] || said[id]
				passed[id] = passed[id] || !said[id]
			}
		}
	}
	for _, r := range e.Rules() {
		for _, kind := range r.Subjects {
			id := r.Code + " on " + kind
			if !fired[id] {
				t.Errorf("%s fires in no case", id)
			}
			if !passed[id] {
				t.Errorf("%s is silent in no case", id)
			}
		}
	}
}

// A case's name begins with the code that it is about, or says that it is
// healthy, and then nothing is denied.
func TestNamesOfCases(t *testing.T) {
	all, err := cases.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		denied := slices.ContainsFunc(c.Findings, func(l string) bool { return strings.HasPrefix(l, "deny ") })
		switch {
		case strings.HasSuffix(c.Name, "+fixed"):
			if len(c.Findings) > 0 {
				t.Errorf("%s: after the remedy there is still %v", c.Name, c.Findings)
			}
		case strings.HasPrefix(c.Name, "healthy-"):
			if denied {
				t.Errorf("%s denies: %v", c.Name, c.Findings)
			}
		case len(c.Findings) > 0:
			parts := strings.SplitN(strings.ToUpper(c.Name), "-", 3)
			code := strings.Join(parts[:2], "-")
			if !slices.ContainsFunc(c.Findings, func(l string) bool { return strings.Contains(l, " "+code+" ") }) {
				t.Errorf("%s does not give the code that it is named for", c.Name)
			}
		}
	}
}
