package report_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/storewarden/storewarden/cmd/internal/report"
	"github.com/storewarden/storewarden/policies/verdict"
)

func reportOf(fs ...verdict.Finding) *report.Report {
	r := &report.Report{}
	for _, f := range fs {
		r.Add(verdict.Verdict{Object: f.Object, Findings: []verdict.Finding{f}}, in("a.yaml", 1))
	}
	return r
}

// TestTheSameTrouble tells by what a finding is the same in two reports.
func TestTheSameTrouble(t *testing.T) {
	base := finding(object("trust"), "X-01", verdict.Deny, "press.der")
	base.Fingerprint = "aa"
	for name, tc := range map[string]struct {
		change func(f *verdict.Finding)
		known  bool
	}{
		"as it was":                {func(*verdict.Finding) {}, true},
		"reworded":                 {func(f *verdict.Finding) { f.Message, f.Remedy = "other words", "do it" }, true},
		"in another order":         {func(f *verdict.Finding) { f.Field = "spec.secretObject.data[12]" }, true},
		"a newer API version":      {func(f *verdict.Finding) { f.Object.APIVersion = "secret-sync.x-k8s.io/v1" }, true},
		"without a vault":          {func(f *verdict.Finding) { f.Fingerprint = "" }, true},
		"milder":                   {func(f *verdict.Finding) { f.Severity = verdict.Warn }, true},
		"another certificate":      {func(f *verdict.Finding) { f.Fingerprint = "bb" }, false},
		"another code":             {func(f *verdict.Finding) { f.Code = "X-02" }, false},
		"another entry":            {func(f *verdict.Finding) { f.Entry = "oven.der" }, false},
		"another field":            {func(f *verdict.Finding) { f.Field = "spec.secretObject.data[3].targetKey" }, false},
		"another object":           {func(f *verdict.Finding) { f.Object.Name = "issuer" }, false},
		"another namespace":        {func(f *verdict.Finding) { f.Object.Namespace = "plant-2" }, false},
		"another kind":             {func(f *verdict.Finding) { f.Object.Kind = "Secret" }, false},
		"another API group":        {func(f *verdict.Finding) { f.Object.APIVersion = "example.org/v1alpha1" }, false},
		"a key that is a position": {func(f *verdict.Finding) { f.Entry, f.Field = "0", "data[0]" }, false},
	} {
		for _, format := range []string{"json", "sarif"} {
			t.Run(name+"/"+format, func(t *testing.T) {
				b, err := report.ReadBaseline(write(t, reportOf(base), format, options()))
				if err != nil {
					t.Fatal(err)
				}
				f := base
				tc.change(&f)
				r := &report.Report{}
				r.Add(verdict.Verdict{Object: f.Object, Findings: []verdict.Finding{f}}, in("moved/b.yaml", 77))
				r.Compare(b)
				want := report.Summary{Objects: 1, Deny: 1, Fixed: 1}
				if tc.known {
					want = report.Summary{Objects: 1, Known: 1}
				}
				if r.Summary != want || r.Findings[0].Known != tc.known || r.AtLeast(verdict.Info) == tc.known {
					t.Errorf("known %v, summary %+v, want %v and %+v", r.Findings[0].Known, r.Summary, tc.known, want)
				}
			})
		}
	}
}

func TestCompare(t *testing.T) {
	plain := finding(object("trust"), "X-01", verdict.Deny, "bundle.pem")
	of := func(certificate string, s verdict.Severity) verdict.Finding {
		f := plain
		f.Fingerprint, f.Severity = certificate, s
		return f
	}
	for name, tc := range map[string]struct {
		before, now []verdict.Finding
		want        report.Summary
	}{
		"nothing before":       {nil, []verdict.Finding{plain}, report.Summary{Objects: 1, Deny: 1}},
		"nothing now":          {[]verdict.Finding{plain}, nil, report.Summary{Fixed: 1}},
		"one more of the same": {[]verdict.Finding{plain}, []verdict.Finding{plain, plain}, report.Summary{Objects: 2, Deny: 1, Known: 1}},
		"one less of the same": {[]verdict.Finding{plain, plain}, []verdict.Finding{plain}, report.Summary{Objects: 1, Known: 1, Fixed: 1}},
		"worse is not fixed":   {[]verdict.Finding{of("", verdict.Warn)}, []verdict.Finding{plain}, report.Summary{Objects: 1, Deny: 1}},
		"the fitting one comes first": {[]verdict.Finding{of("aa", verdict.Deny), of("bb", verdict.Deny)}, []verdict.Finding{of("", verdict.Deny), of("aa", verdict.Deny)},
			report.Summary{Objects: 2, Known: 2}},
		"certificates are told apart": {[]verdict.Finding{of("aa", verdict.Deny), of("bb", verdict.Deny)}, []verdict.Finding{of("bb", verdict.Deny), of("cc", verdict.Deny)},
			report.Summary{Objects: 2, Deny: 1, Known: 1, Fixed: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := report.ReadBaseline(write(t, reportOf(tc.before...), "json", options()))
			if err != nil {
				t.Fatal(err)
			}
			r := reportOf(tc.now...)
			r.Compare(b)
			if r.Summary != tc.want {
				t.Errorf("got %+v, want %+v", r.Summary, tc.want)
			}
		})
	}
}

// A report against a baseline is itself one: it still holds what is known.
func TestABaselineFromAComparedReport(t *testing.T) {
	for _, format := range []string{"json", "sarif"} {
		b, err := report.ReadBaseline(write(t, allKnown(t), format, options()))
		if err != nil {
			t.Fatal(err)
		}
		r := sample()
		r.Compare(b)
		if r.Summary.Known != len(r.Findings) || r.Summary.Fixed != 0 {
			t.Errorf("%s: %+v", format, r.Summary)
		}
	}
}

func TestReadBaselineRefuses(t *testing.T) {
	id := strings.Repeat("a", 64)
	for name, tc := range map[string]struct{ raw, want string }{
		"nothing":         {"", "not a report in JSON or SARIF"},
		"text":            {"8 objects judged", "not a report in JSON or SARIF"},
		"two reports":     {"{}{}", "not a report in JSON or SARIF"},
		"an array":        {"[]", "not a report in JSON or SARIF"},
		"other JSON":      {`{"version":"3"}`, "no report of storewarden"},
		"an older report": {`{"summary":{},"findings":[],"problems":[]}`, "before findings had an id"},
		"a newer report":  {`{"schema":"storewarden.io/audit/v2"}`, "knows only storewarden.io/audit/v1"},
		"another's SARIF": {`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"other"}}}]}`, "not of one run of storewarden"},
		"no run":          {`{"version":"2.1.0","runs":[]}`, "not of one run of storewarden"},
		"another SARIF":   {`{"version":"2.2.0","runs":[]}`, "no report of storewarden"},
		"no id":           {`{"schema":"storewarden.io/audit/v1","findings":[{"severity":"deny"}]}`, "findings[0]: its id is missing"},
		"a short id":      {`{"schema":"storewarden.io/audit/v1","findings":[{"severity":"deny","id":"abcd"}]}`, "findings[0]: its id is missing"},
		"no severity":     {`{"schema":"storewarden.io/audit/v1","findings":[{"id":"` + id + `"}]}`, `"" is no severity`},
		"a wrong type":    {`{"schema":"storewarden.io/audit/v1","findings":{}}`, "cannot unmarshal"},
		"no level":        {`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"storewarden"}},"results":[{"level":"none","partialFingerprints":{"storewardenFinding/v1":"` + id + `"}}]}]}`, `"none" is no severity`},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := report.ReadBaseline([]byte(tc.raw)); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
	// A byte order mark is what some shells begin a file with.
	if _, err := report.ReadBaseline([]byte("\ufeff" + `{"schema":"storewarden.io/audit/v1"}`)); err != nil {
		t.Error(err)
	}
}

func TestTheSummaryAgainstABaseline(t *testing.T) {
	r := known(t)
	text := string(write(t, r, "text", options()))
	want := fmt.Sprintf("%d deny, %d warn, %d info; against the baseline 1 known, 1 not found again", r.Summary.Deny, r.Summary.Warn, r.Summary.Info)
	if !strings.Contains(text, want) {
		t.Errorf("no %q in:\n%s", want, text)
	}
	if strings.Contains(text, "(known)") {
		t.Error("what is known is shown without -v")
	}
	opt := options()
	opt.Verbose = true
	if text := string(write(t, known(t), "text", opt)); strings.Count(text, "(known)") != 1 {
		t.Errorf("what is known is not shown with -v:\n%s", text)
	}
	clean := reportOf()
	b, err := report.ReadBaseline(write(t, reportOf(finding(object("a"), "X-01", verdict.Deny, "")), "json", options()))
	if err != nil {
		t.Fatal(err)
	}
	clean.Compare(b)
	if text := string(write(t, clean, "text", options())); !strings.Contains(text, "0 known, 1 fixed") {
		t.Errorf("with all seen, what is gone is fixed:\n%s", text)
	}
}
