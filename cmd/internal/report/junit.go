package report

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/storewarden/storewarden/policies/verdict"
)

type testSuites struct {
	XMLName  xml.Name    `xml:"testsuites"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Suites   []testSuite `xml:"testsuite"`
}

type testSuite struct {
	Name      string     `xml:"name,attr"`
	Tests     int        `xml:"tests,attr"`
	Failures  int        `xml:"failures,attr"`
	Errors    int        `xml:"errors,attr"`
	Skipped   int        `xml:"skipped,attr"`
	Timestamp string     `xml:"timestamp,attr"`
	Cases     []testCase `xml:"testcase"`
}

type testCase struct {
	Name      string  `xml:"name,attr"`
	ClassName string  `xml:"classname,attr"`
	Failure   *cause  `xml:"failure"`
	Error     *cause  `xml:"error"`
	Out       *string `xml:"system-out"`
}

type cause struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// junit writes a test suite for each file, or for the cluster, and in it a test
// case for each object. Readers take one failure of a test case only, so that all
// findings that fail are one. The suite of a cluster or of standard input is named
// for it.
func (r *Report) junit(w io.Writer, opt Options) error {
	out := testSuites{Name: toolName}
	byFile := map[string]int{}
	suite := func(o Object) *testSuite {
		i, ok := byFile[o.File]
		if !ok {
			i = len(out.Suites)
			byFile[o.File] = i
			out.Suites = append(out.Suites, testSuite{Name: source(o), Timestamp: opt.Now.UTC().Format("2006-01-02T15:04:05")})
		}
		return &out.Suites[i]
	}
	for _, p := range r.failures() {
		name := "can be read"
		if p.Object.Kind != "" {
			name = p.Object.title()
		}
		suite(p.Object).add(testCase{Name: visible(name), ClassName: source(p.Object),
			Error: &cause{Message: p.what() + ": " + visible(p.Message), Type: p.Reason, Text: line(p.Object)}})
	}
	findings := map[Object][]Finding{}
	for _, f := range r.Findings {
		findings[whole(f.Object)] = append(findings[whole(f.Object)], f)
	}
	problems := map[Object][]Problem{}
	for _, p := range r.Problems {
		problems[whole(p.Object)] = append(problems[whole(p.Object)], p)
	}
	seen := map[Object]bool{}
	for _, o := range r.Judged {
		if seen[whole(o)] {
			continue // it stands twice in the file, and so do its findings
		}
		seen[whole(o)] = true
		suite(o).add(caseOf(o, findings[whole(o)], problems[whole(o)], opt.FailOn))
	}
	for _, s := range out.Suites {
		out.Tests, out.Failures, out.Errors = out.Tests+s.Tests, out.Failures+s.Failures, out.Errors+s.Errors
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(out); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (s *testSuite) add(c testCase) {
	s.Cases = append(s.Cases, c)
	s.Tests++
	if c.Failure != nil {
		s.Failures++
	}
	if c.Error != nil {
		s.Errors++
	}
}

// caseOf is the test case of one object.
func caseOf(o Object, findings []Finding, problems []Problem, failOn verdict.Severity) testCase {
	c := testCase{Name: visible(o.title()), ClassName: source(o)}
	var failed, passed []string
	var codes []string
	for _, f := range findings {
		text := fmt.Sprintf("%s %s %s%s", f.Severity, f.Code, visible(f.place()+f.Message), "\nFix: "+visible(f.Remedy)+"\n"+line(f.Object)+"("+f.Docs+")\n")
		switch {
		case f.fails(failOn):
			failed, codes = append(failed, text), append(codes, f.Code)
		case f.Known:
			passed = append(passed, "known: "+text)
		default:
			passed = append(passed, text)
		}
	}
	for _, p := range problems {
		if !p.fails() {
			passed = append(passed, fmt.Sprintf("not seen: %s %s: %s\n", p.Reason, visible(p.VaultRef), visible(p.Message)))
		}
	}
	switch {
	case len(failed) == 1:
		first, _, _ := strings.Cut(failed[0], "\n")
		c.Failure = &cause{Message: first, Type: codes[0], Text: failed[0]}
	case len(failed) > 1:
		c.Failure = &cause{Message: fmt.Sprintf("%d findings: %s", len(failed), strings.Join(codes, ", ")), Type: codes[0], Text: strings.Join(failed, "\n")}
	}
	if len(passed) > 0 {
		text := strings.Join(passed, "\n")
		c.Out = &text
	}
	return c
}

// source names where an object stands, "cluster" or the file.
func source(o Object) string {
	if o.File == "-" {
		return "standard input"
	}
	return visible(cmp.Or(o.File, "cluster"))
}

// whole is an object without the line of an entry.
func whole(o Object) Object {
	o.Line = 0
	return o
}

func line(o Object) string {
	if !isFile(o.File) || o.Line == 0 {
		return ""
	}
	return fmt.Sprintf("%s:%d\n", visible(o.File), o.Line)
}
