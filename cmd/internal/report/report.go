// Package report turns verdicts into what a person or a pipeline reads: text
// grouped by object, or the one JSON shape that others rely on. It decides
// nothing.
package report

import (
	"cmp"
	"encoding/json"
	"io"
	"slices"

	"github.com/storewarden/storewarden/policies/verdict"
)

// Report is the outcome of an audit.
type Report struct {
	Summary  Summary   `json:"summary"`
	Findings []Finding `json:"findings"`
	Problems []Problem `json:"problems"`
	// Skipped names what was not judged, for -v.
	Skipped []Object `json:"-"`
}

// Summary counts.
type Summary struct {
	Objects int `json:"objects"`
	Skipped int `json:"skipped"`
	Deny    int `json:"deny"`
	Warn    int `json:"warn"`
	Info    int `json:"info"`
}

// Object names a judged object and where it stands.
type Object struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace"`
	Name       string `json:"name"`
	File       string `json:"file"` // "" when it lives in a cluster
	Line       int    `json:"line"` // of the entry concerned, else of the object
}

// Finding is a verdict's finding with its place.
type Finding struct {
	Code        string           `json:"code"`
	Severity    verdict.Severity `json:"severity"`
	Message     string           `json:"message"`
	Remedy      string           `json:"remedy"`
	Object      Object           `json:"object"`
	Field       string           `json:"field"`
	VaultRef    string           `json:"vaultRef"`
	Fingerprint string           `json:"fingerprint"`
	Docs        string           `json:"docs"`
}

// Problem is a part of the world that was not seen, or an input that could not
// be read.
type Problem struct {
	Reason   string `json:"reason"`
	Message  string `json:"message"`
	Object   Object `json:"object"`
	VaultRef string `json:"vaultRef"`
}

// The reasons beside those of a verdict's problems.
const (
	Unreadable = "Unreadable" // an input is not what it should be
	NotJudged  = "NotJudged"  // we failed
)

// Place tells where an object, or a field of it, stands.
type Place func(field string) (file string, line int)

// Add takes in the verdict of one object.
func (r *Report) Add(v verdict.Verdict, place Place) {
	r.Summary.Objects++
	for _, f := range v.Findings {
		switch f.Severity {
		case verdict.Deny:
			r.Summary.Deny++
		case verdict.Warn:
			r.Summary.Warn++
		default:
			r.Summary.Info++
		}
		r.Findings = append(r.Findings, Finding{Code: f.Code, Severity: f.Severity, Message: f.Message, Remedy: f.Remedy,
			Object: locate(v.Object, place, f.Field), Field: f.Field, VaultRef: f.VaultRef, Fingerprint: f.Fingerprint, Docs: f.Docs})
	}
	for _, p := range v.Problems {
		r.Problems = append(r.Problems, Problem{p.Reason, p.Message, locate(v.Object, place, ""), p.VaultRef})
	}
}

func locate(o verdict.Object, place Place, field string) Object {
	file, line := place(field)
	return Object{o.APIVersion, o.Kind, o.Namespace, o.Name, file, line}
}

// Fail takes in an input that could not be read, or an object that could not be
// judged.
func (r *Report) Fail(reason string, o Object, err error) {
	r.Problems = append(r.Problems, Problem{Reason: reason, Message: err.Error(), Object: o})
}

// Skip takes in an object of another kind.
func (r *Report) Skip(o Object) {
	r.Summary.Skipped++
	r.Skipped = append(r.Skipped, o)
}

// Incomplete reports whether something could not be judged, so that the absence
// of findings means nothing.
func (r *Report) Incomplete() bool {
	return slices.ContainsFunc(r.Problems, func(p Problem) bool { return p.Reason == Unreadable || p.Reason == NotJudged })
}

// AtLeast reports whether a finding is as severe as s or more.
func (r *Report) AtLeast(s verdict.Severity) bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Severity.Rank() <= s.Rank() })
}

// Sort orders findings by object and, within one, as the verdict did.
func (r *Report) Sort() {
	order := func(a, b Object) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int { return order(a.Object, b.Object) })
	slices.SortStableFunc(r.Problems, func(a, b Problem) int { return order(a.Object, b.Object) })
	slices.SortStableFunc(r.Skipped, order)
}

// JSON writes the report; arrays are never null.
func (r *Report) JSON(w io.Writer) error {
	out := *r
	if out.Findings == nil {
		out.Findings = []Finding{}
	}
	if out.Problems == nil {
		out.Problems = []Problem{}
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(out)
}
