package report

import (
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/storewarden/storewarden/policies/verdict"
)

//go:embed report.html.tmpl
var pageTemplate string

//go:embed report.css
var pageStyle string

// page is what the template shows.
type page struct {
	Style   template.CSS
	Policy  string
	Version string
	Now     time.Time
	*Report
	Line     string // the summary in words
	Failures []Problem
	Unseen   []Problem
	Objects  []objectView
	Codes    []codeView
	Ends     []endView
}

// objectView is an object with its findings.
type objectView struct {
	Object
	Worst    verdict.Severity // "" without findings, and where all are known
	Findings []Finding
}

// codeView is a code with its findings.
type codeView struct {
	Rule
	Worst    verdict.Severity // "" where all are known
	Findings []Finding
}

// endView is a certificate or a CRL with all places that use it.
type endView struct {
	Expiry
	Days  int
	Class string  // deny once it has ended, warn in the last days, else info
	Width float64 // of its bar, in percent
	Uses  []Expiry
}

const (
	// soon is when an end is shown as a warning: rules warn from 30 days by default.
	soon = 30
	// horizon is the longest bar, in days: what ends later is not planned for yet.
	horizon = 730
)

// html writes one page that needs nothing else: no script, no font, no picture
// from anywhere. The content policy of the page forbids them, and allows the one
// style by its digest.
func (r *Report) html(w io.Writer, opt Options) error {
	t, err := template.New("report").Funcs(template.FuncMap{
		"visible": visible,
		"title":   Object.title,
		"source":  source,
		"day":     func(t time.Time) string { return t.UTC().Format(time.DateOnly) },
		"moment":  func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") },
		"what":    Problem.what,
		"plural":  plural,
		"steps":   Steps,
	}).Parse(pageTemplate)
	if err != nil {
		return err
	}
	digest := sha256.Sum256([]byte(pageStyle))
	p := page{
		Style:   template.CSS(pageStyle), // ours, embedded
		Policy:  "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) + "'; base-uri 'none'; form-action 'none'",
		Version: opt.Version, Now: opt.Now, Report: r, Line: r.summary(), Failures: r.failures(),
		Objects: r.byObject(), Codes: r.byCode(opt.Rules), Ends: r.byEnd(opt.Now),
	}
	for _, q := range r.Problems {
		if !q.fails() {
			p.Unseen = append(p.Unseen, q)
		}
	}
	var b strings.Builder
	if err := t.Execute(&b, p); err != nil {
		return err
	}
	_, err = io.WriteString(w, b.String())
	return err
}

// byObject lists what was judged, the worst first.
func (r *Report) byObject() []objectView {
	var out []objectView
	at := map[Object]int{}
	view := func(o Object) *objectView {
		i, ok := at[whole(o)]
		if !ok {
			i = len(out)
			at[whole(o)] = i
			out = append(out, objectView{Object: o})
		}
		return &out[i]
	}
	for _, o := range r.Judged {
		view(o)
	}
	for _, f := range r.Findings {
		v := view(f.Object)
		v.Findings = append(v.Findings, f)
		v.Worst = worse(v.Worst, f)
	}
	slices.SortStableFunc(out, func(a, b objectView) int {
		return cmp.Or(cmp.Compare(a.Worst.Rank(), b.Worst.Rank()), cmp.Compare(min(len(b.Findings), 1), min(len(a.Findings), 1)))
	})
	return out
}

// byCode lists the codes that were found, the worst first.
func (r *Report) byCode(rules []Rule) []codeView {
	var out []codeView
	at := map[string]int{}
	for _, f := range r.Findings {
		i, ok := at[f.Code]
		if !ok {
			i = len(out)
			at[f.Code] = i
			view := codeView{Rule: Rule{Code: f.Code}}
			if j := slices.IndexFunc(rules, func(x Rule) bool { return x.Code == f.Code }); j >= 0 {
				view.Rule = rules[j]
			}
			out = append(out, view)
		}
		out[i].Findings = append(out[i].Findings, f)
		out[i].Worst = worse(out[i].Worst, f)
	}
	slices.SortStableFunc(out, func(a, b codeView) int {
		return cmp.Or(cmp.Compare(a.Worst.Rank(), b.Worst.Rank()), cmp.Compare(len(b.Findings), len(a.Findings)), cmp.Compare(a.Code, b.Code))
	})
	return out
}

func worse(s verdict.Severity, f Finding) verdict.Severity {
	if !f.Known && f.Severity.Rank() < s.Rank() {
		return f.Severity
	}
	return s
}

// byEnd lists certificates and CRLs, what ends first being first.
func (r *Report) byEnd(now time.Time) []endView {
	type key struct {
		kind, fingerprint string
	}
	var out []endView
	at := map[key]int{}
	for _, e := range r.Expiries {
		k := key{e.Kind, e.Fingerprint}
		i, ok := at[k]
		if !ok {
			i = len(out)
			at[k] = i
			days := int(math.Floor(e.NotAfter.Sub(now).Hours() / 24)) // -1 once it has ended
			v := endView{Expiry: e, Days: days, Class: "info", Width: float64(min(max(days, 0), horizon)) * 100 / horizon}
			switch {
			case days < 0:
				v.Class, v.Width = "deny", 100
			case days <= soon:
				v.Class = "warn"
			}
			out = append(out, v)
		}
		out[i].Uses = append(out[i].Uses, e)
	}
	return out
}

// Left says in words how long it is until the end.
func (e endView) Left() string {
	switch {
	case e.Days < 0:
		return "ended"
	case e.Days == 0:
		return "less than a day"
	}
	return fmt.Sprintf("in %s", plural(e.Days, "day"))
}
