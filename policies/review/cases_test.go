package review_test

import (
	"flag"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/test/cases"
)

var update = flag.Bool("update", false, "write what was found into the cases")

// caseFolder is where the cases' files are, seen from this package.
const caseFolder = "../../test/cases"

func all(t *testing.T) []*cases.Case {
	t.Helper()
	all, err := cases.All()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("there are no cases")
	}
	return all
}

// play has every object of a case judged against files, as an audit does.
func play(t *testing.T, c *cases.Case, engines *cases.Engines) []verdict.Verdict {
	t.Helper()
	r := reviewer(t, c, engines)
	reqs, err := c.Requests()
	if err != nil {
		t.Fatal(err)
	}
	var out []verdict.Verdict
	for _, req := range reqs {
		v, err := r.Review(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	return out
}

func reviewer(t *testing.T, c *cases.Case, engines *cases.Engines) *review.Reviewer {
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
	return r
}

// Each case gives the findings that it lists and no others.
func TestCases(t *testing.T) {
	var engines cases.Engines
	for _, c := range all(t) {
		t.Run(c.Name, func(t *testing.T) {
			verdicts := play(t, c, &engines)
			got := cases.Lines(verdicts...)
			if *update {
				if err := c.Rewrite(caseFolder, got, nil); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(c.Findings, got); diff != "" {
				t.Errorf("findings (-listed +found):\n%s%s", diff, said(verdicts))
			}
		})
	}
}

func said(verdicts []verdict.Verdict) (text string) {
	for _, v := range verdicts {
		for _, f := range v.Findings {
			text += f.Code + ": " + f.Message + ". Fix: " + f.Remedy + "\n"
		}
	}
	return text
}
