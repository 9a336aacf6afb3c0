package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/storewarden/storewarden/cmd/internal/report"
	"github.com/storewarden/storewarden/policies/verdict"
)

// shape is what the readers of JUnit agree on: for each element, the elements it
// may stand in, the attributes it must have, and those it may have.
var shape = map[string]struct{ parents, must, may []string }{
	"testsuites": {[]string{""}, nil, []string{"name", "tests", "failures", "errors", "time"}},
	"testsuite":  {[]string{"testsuites"}, []string{"name", "tests", "failures", "errors"}, []string{"skipped", "timestamp", "time", "hostname"}},
	"testcase":   {[]string{"testsuite"}, []string{"name", "classname"}, []string{"time"}},
	"failure":    {[]string{"testcase"}, []string{"message", "type"}, nil},
	"error":      {[]string{"testcase"}, []string{"message", "type"}, nil},
	"system-out": {[]string{"testcase"}, nil, nil},
}

// checkShape walks a document, and returns how often each element was met.
func checkShape(raw []byte) (map[string]int, error) {
	met := map[string]int{}
	open := []string{""}
	children := []map[string]int{{}}
	dec := xml.NewDecoder(bytes.NewReader(raw))
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return met, nil
		}
		if err != nil {
			return nil, err
		}
		switch e := token.(type) {
		case xml.StartElement:
			name, parent := e.Name.Local, open[len(open)-1]
			s, ok := shape[name]
			if !ok || !slices.Contains(s.parents, parent) {
				return nil, fmt.Errorf("%s stands in %s", name, parent)
			}
			has := map[string]string{}
			for _, a := range e.Attr {
				has[a.Name.Local] = a.Value
				if !slices.Contains(append(slices.Clone(s.must), s.may...), a.Name.Local) {
					return nil, fmt.Errorf("%s has the attribute %s", name, a.Name.Local)
				}
			}
			for _, m := range s.must {
				if has[m] == "" {
					return nil, fmt.Errorf("%s has no %s", name, m)
				}
			}
			siblings := children[len(children)-1]
			if siblings[name]++; parent == "testcase" && (siblings[name] > 1 || siblings["failure"]+siblings["error"] > 1) {
				return nil, fmt.Errorf("a test case has two outcomes, of which readers take one")
			}
			met[name]++
			open, children = append(open, name), append(children, map[string]int{})
		case xml.EndElement:
			open, children = open[:len(open)-1], children[:len(children)-1]
		}
	}
}

func TestJUnitHasTheShapeThatIsRead(t *testing.T) {
	for name, r := range map[string]*report.Report{"sample": sample(), "known": known(t), "empty": {}} {
		if _, err := checkShape(write(t, r, "junit", options())); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, raw := range map[string]string{
		"two outcomes":      `<testsuites><testsuite name="a" tests="1" failures="1" errors="0"><testcase name="a" classname="b"><failure message="a" type="b"/><failure message="a" type="b"/></testcase></testsuite></testsuites>`,
		"no classname":      `<testsuites><testsuite name="a" tests="1" failures="1" errors="0"><testcase name="a"/></testsuite></testsuites>`,
		"an own element":    `<testsuites><storewarden/></testsuites>`,
		"an open element":   `<testsuites>`,
		"a stray attribute": `<testsuites color="red"/>`,
	} {
		if _, err := checkShape([]byte(raw)); err == nil {
			t.Errorf("%s has the shape", name)
		}
	}
}

// suites is the part of a document that is counted.
type suites struct {
	Attrs  []xml.Attr `xml:",any,attr"`
	Suites []struct {
		Attrs []xml.Attr `xml:",any,attr"`
		Cases []struct {
			Failure *struct{} `xml:"failure"`
			Error   *struct{} `xml:"error"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
}

// counts are what an element says of itself: tests, failures, errors.
func counts(t *testing.T, attrs []xml.Attr) [3]int {
	t.Helper()
	said := map[string]string{}
	for _, a := range attrs {
		said[a.Name.Local] = a.Value
	}
	var out [3]int
	for i, name := range []string{"tests", "failures", "errors"} {
		n, err := strconv.Atoi(said[name])
		if err != nil {
			t.Errorf("%s is %q", name, said[name])
		}
		out[i] = n
	}
	return out
}

func TestJUnitCounts(t *testing.T) {
	for name, tc := range map[string]struct {
		r    *report.Report
		on   verdict.Severity
		want [3]int
	}{
		"on deny":              {sample(), verdict.Deny, [3]int{7, 2, 2}},
		"on info":              {sample(), verdict.Info, [3]int{7, 3, 2}},
		"on never":             {sample(), "", [3]int{7, 0, 2}},
		"known fails not":      {known(t), verdict.Deny, [3]int{7, 1, 2}},
		"nothing at all":       {&report.Report{}, verdict.Deny, [3]int{0, 0, 0}},
		"all known, on a warn": {allKnown(t), verdict.Warn, [3]int{7, 0, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			opt := options()
			opt.FailOn = tc.on
			raw := write(t, tc.r, "junit", opt)
			var got suites
			if err := xml.Unmarshal(raw, &got); err != nil {
				t.Fatal(err)
			}
			var whole [3]int
			for _, s := range got.Suites {
				own := [3]int{len(s.Cases), 0, 0}
				for _, c := range s.Cases {
					if c.Failure != nil {
						own[1]++
					}
					if c.Error != nil {
						own[2]++
					}
				}
				if said := counts(t, s.Attrs); said != own {
					t.Errorf("a suite says %v and has %v", said, own)
				}
				for i := range whole {
					whole[i] += own[i]
				}
			}
			if said := counts(t, got.Attrs); whole != tc.want || said != whole {
				t.Errorf("tests, failures and errors are %v, said to be %v, want %v:\n%s", whole, said, tc.want, raw)
			}
		})
	}
}

// What does not fail is still said, under system-out.
func TestJUnitSaysWhatDoesNotFail(t *testing.T) {
	opt := options()
	opt.FailOn = ""
	text := string(write(t, sample(), "junit", opt))
	for _, want := range []string{"deny KV-12 spec.secretObject.data[3]", "warn X-03", "not seen: Throttled plant-kv/oven"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	if strings.Contains(text, "<failure") {
		t.Error("something failed on never")
	}
}
