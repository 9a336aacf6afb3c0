// Package report turns verdicts into what a person or a pipeline reads, one file
// a format: text grouped by object, the one JSON shape that others rely on, SARIF,
// JUnit, workflow commands of GitHub Actions, and one HTML page. It compares a
// report with an earlier one, so that an old estate can start clean. It decides
// nothing, and what it shows of rules is handed to it as data.
package report

import (
	"cmp"
	"slices"
	"time"

	"github.com/storewarden/storewarden/policies/verdict"
)

// Report is the outcome of an audit.
type Report struct {
	Summary  Summary   `json:"summary"`
	Findings []Finding `json:"findings"`
	Problems []Problem `json:"problems"`
	// Expiries says when each certificate and CRL that was seen ends, soonest first.
	Expiries []Expiry `json:"expiries"`
	// Judged and Skipped name every object that was found.
	Judged  []Object `json:"-"`
	Skipped []Object `json:"-"`

	compared bool // with a baseline
}

// Summary counts. What a baseline knows is not in Deny, Warn and Info.
type Summary struct {
	Objects int `json:"objects"`
	Skipped int `json:"skipped"`
	Deny    int `json:"deny"`
	Warn    int `json:"warn"`
	Info    int `json:"info"`
	Known   int `json:"known"`
	Fixed   int `json:"fixed"` // in the baseline, and not found now
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
	Code     string           `json:"code"`
	Severity verdict.Severity `json:"severity"`
	Message  string           `json:"message"`
	Remedy   string           `json:"remedy"`
	Object   Object           `json:"object"`
	Field    string           `json:"field"`
	VaultRef string           `json:"vaultRef"`
	// Fingerprint is the SHA-256 thumbprint of the certificate concerned, "" where
	// there is none.
	Fingerprint string `json:"fingerprint"`
	Docs        string `json:"docs"`
	// ID is the same in every report for the same trouble in the same place.
	ID string `json:"id"`
	// Known is whether the baseline has it.
	Known bool `json:"known"`
	// worsened is whether the baseline has it as milder than it is.
	worsened bool
}

// Expiry is the end of a certificate or a CRL where it is used.
type Expiry struct {
	Kind        string    `json:"kind"` // certificate or crl
	Subject     string    `json:"subject"`
	NotAfter    time.Time `json:"notAfter"`
	Object      Object    `json:"object"`
	Field       string    `json:"field"`
	VaultRef    string    `json:"vaultRef"`
	Fingerprint string    `json:"fingerprint"`
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
	r.Judged = append(r.Judged, locate(v.Object, place, ""))
	for _, f := range v.Findings {
		r.Summary.count(f.Severity, 1)
		r.Findings = append(r.Findings, Finding{Code: f.Code, Severity: f.Severity, Message: f.Message, Remedy: f.Remedy,
			Object: locate(v.Object, place, f.Field), Field: f.Field, VaultRef: f.VaultRef, Fingerprint: f.Fingerprint, Docs: f.Docs, ID: identity(f)})
	}
	for _, p := range v.Problems {
		r.Problems = append(r.Problems, Problem{p.Reason, p.Message, locate(v.Object, place, ""), p.VaultRef})
	}
	for _, e := range v.Ends {
		r.Expiries = append(r.Expiries, Expiry{e.Kind, e.Subject, e.Time.UTC(), locate(v.Object, place, e.Field), e.Field, e.VaultRef, e.Fingerprint})
	}
}

func (s *Summary) count(severity verdict.Severity, n int) {
	switch severity {
	case verdict.Deny:
		s.Deny += n
	case verdict.Warn:
		s.Warn += n
	default:
		s.Info += n
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

// failures are the problems that make a report incomplete. What a vault did not
// show is a finding already.
func (r *Report) failures() []Problem {
	var out []Problem
	for _, p := range r.Problems {
		if p.fails() {
			out = append(out, p)
		}
	}
	return out
}

func (p Problem) fails() bool { return p.Reason == Unreadable || p.Reason == NotJudged }

// what says in words what a failure is.
func (p Problem) what() string {
	if p.Reason == NotJudged {
		return "could not be judged"
	}
	return "could not be read"
}

// title names an object for a person.
func (o Object) title() string {
	switch {
	case o.Kind == "":
		return "not a Kubernetes object"
	case o.Namespace == "":
		return o.Kind + " " + o.Name
	}
	return o.Kind + " " + o.Namespace + "/" + o.Name
}

// Incomplete reports whether something could not be judged, so that the absence
// of findings means nothing.
func (r *Report) Incomplete() bool {
	return slices.ContainsFunc(r.Problems, Problem.fails)
}

// AtLeast reports whether a finding that no baseline knows is as severe as s or
// more.
func (r *Report) AtLeast(s verdict.Severity) bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.fails(s) })
}

// fails reports whether a finding fails an audit that fails on s; "" is never.
func (f Finding) fails(s verdict.Severity) bool {
	return s != "" && !f.Known && f.Severity.Rank() <= s.Rank()
}

// Sort orders findings by object and, within one, as the verdict did.
func (r *Report) Sort() {
	order := func(a, b Object) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int { return order(a.Object, b.Object) })
	slices.SortStableFunc(r.Problems, func(a, b Problem) int { return order(a.Object, b.Object) })
	slices.SortStableFunc(r.Skipped, order)
	slices.SortStableFunc(r.Judged, order)
	slices.SortStableFunc(r.Expiries, func(a, b Expiry) int {
		return cmp.Or(a.NotAfter.Compare(b.NotAfter), cmp.Compare(a.Fingerprint, b.Fingerprint), order(a.Object, b.Object))
	})
}
