package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/storewarden/storewarden/cmd/internal/config"
	"github.com/storewarden/storewarden/cmd/internal/report"
	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/pages"
	"github.com/storewarden/storewarden/policies/verdict"
)

// options is what the formats need to know.
func (f *auditFlags) options(c config.Config, e *engine.Engine, now time.Time, stdout io.Writer) (report.Options, error) {
	dir, err := os.Getwd()
	if err != nil {
		return report.Options{}, fmt.Errorf("working directory: %w", err)
	}
	opt := report.Options{
		Style:   report.Style{Color: isTerminal(stdout) && os.Getenv("NO_COLOR") == "", Verbose: f.verbose},
		Version: version(), Now: now, Rules: described(c, e), Dir: dir, Root: repository(dir),
	}
	if f.failOn != "never" {
		opt.FailOn = verdict.Severity(f.failOn)
	}
	return opt, nil
}

// described is what a report says of each rule, with the severity that the
// configuration gives it.
func described(c config.Config, e *engine.Engine) []report.Rule {
	var out []report.Rule
	for _, r := range e.Rules() {
		severity, ok := c.Severities[r.Code]
		if !ok {
			severity = r.Severity[c.Profile]
		}
		out = append(out, report.Rule{Code: r.Code, Title: r.Title, Description: strings.Join(strings.Fields(r.Description), " "), Symptom: r.Symptom,
			Remedy: pages.Template(r.Remedy), Severity: severity, URL: pages.URL(r.Code)})
	}
	return out
}

// repository is the top of the checkout that a folder is in, or the folder.
func repository(dir string) string {
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, ".git")); err == nil {
			return at
		}
		if at == filepath.Dir(at) {
			return dir
		}
	}
}

// readBaseline reads an earlier report; nil without a path.
func readBaseline(path string) (*report.Baseline, error) {
	if path == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--baseline: %w", err)
	}
	b, err := report.ReadBaseline(raw)
	if err != nil {
		return nil, fmt.Errorf("--baseline %s: %w", path, err)
	}
	return b, nil
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
