package review_test

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/policies/engine"
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

// The merged rules are what runs; the originals are what their authors wrote.
func TestMergedRulesAgreeWithTheOriginals(t *testing.T) {
	var engines cases.Engines
	for _, c := range all(t) {
		t.Run(c.Name, func(t *testing.T) {
			r := reviewer(t, c, &engines)
			e, err := engines.Get(c)
			if err != nil {
				t.Fatal(err)
			}
			reqs, err := c.Requests()
			if err != nil {
				t.Fatal(err)
			}
			for _, req := range reqs {
				doc, err := r.Document(t.Context(), req)
				if err != nil {
					t.Fatal(err)
				}
				merged, err := e.Evaluate(t.Context(), doc)
				if err != nil {
					t.Fatal(err)
				}
				original, err := e.Reference(t.Context(), doc)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(flat(original), flat(merged)); diff != "" {
					t.Errorf("%s (-original +merged):\n%s", req.Subject.ID, diff)
				}
			}
		})
	}
}

func flat(results []engine.Result) []string {
	out := []string{}
	for _, r := range results {
		out = append(out, fmt.Sprint(r.Rule.Code, r.Entry, r.Certificate, r.CRL, r.Field, r.Severity, r.Variant, r.Args))
	}
	slices.Sort(out)
	return out
}

// Whoever writes the entries in another order is told the same.
func TestOrderOfEntriesDoesNotMatter(t *testing.T) {
	var engines cases.Engines
	for _, c := range all(t) {
		t.Run(c.Name, func(t *testing.T) {
			r := reviewer(t, c, &engines)
			reqs, err := c.Requests()
			if err != nil {
				t.Fatal(err)
			}
			for _, req := range reqs {
				turned := req
				turned.Subject, turned.Old, turned.Peers = reverse(req.Subject), reverse(req.Old), reversed{req.Peers}
				var told [2][]string
				for i, req := range []review.Request{req, turned} {
					v, err := r.Review(t.Context(), req)
					if err != nil {
						t.Fatal(err)
					}
					told[i] = sentences(v)
				}
				if diff := cmp.Diff(told[0], told[1]); diff != "" {
					t.Errorf("%s (-as written +reversed):\n%s", req.Subject.ID, diff)
				}
			}
		})
	}
}

// sentences leave out the field, which holds an index.
func sentences(v verdict.Verdict) []string {
	out := []string{}
	for _, f := range v.Findings {
		out = append(out, fmt.Sprint(f.Severity, f.Code, f.Entry, f.VaultRef, f.Fingerprint, f.Message, f.Remedy))
	}
	slices.Sort(out)
	return out
}

// reversed are peers whose entries stand in the other order.
type reversed struct{ review.Peers }

func (p reversed) Get(ctx context.Context, kind, namespace, name string) (*store.Object, error) {
	o, err := p.Peers.Get(ctx, kind, namespace, name)
	return reverse(o), err
}

func (p reversed) List(ctx context.Context, kind, namespace string) ([]*store.Object, error) {
	all, err := p.Peers.List(ctx, kind, namespace)
	out := []*store.Object{}
	for _, o := range slices.Backward(all) {
		out = append(out, reverse(o))
	}
	return out, err
}

func reverse(o *store.Object) *store.Object {
	if o == nil {
		return nil
	}
	r := *o
	switch {
	case o.SPC != nil:
		p := *o.SPC
		p.Objects.Entries = slices.Clone(p.Objects.Entries)
		slices.Reverse(p.Objects.Entries)
		r.SPC = &p
	case o.Sync != nil:
		s := *o.Sync
		s.Mappings = slices.Clone(s.Mappings)
		slices.Reverse(s.Mappings)
		r.Sync = &s
	case o.Secret != nil:
		s := *o.Secret
		s.Keys = slices.Clone(s.Keys)
		slices.Reverse(s.Keys)
		r.Secret = &s
	}
	return &r
}
