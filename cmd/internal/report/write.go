package report

import (
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/storewarden/storewarden/policies/verdict"
)

// Options are what the formats need to know beside the report.
type Options struct {
	Style
	Version string // of the tool
	// Now is the moment as of which was judged.
	Now time.Time
	// FailOn is the mildest severity that fails, "" for never.
	FailOn verdict.Severity
	Rules  []Rule
	// Dir is the working directory and Root the top of the repository that it is
	// in, both absolute: code hosts know a file by its path from there.
	Dir, Root string
}

// Rule is what a report says of a code beside its findings.
type Rule struct {
	Code        string
	Title       string
	Description string
	Symptom     string
	Remedy      string
	Severity    verdict.Severity // under the profile in force
	URL         string           // "" if there is no page
}

// Formats lists what Write knows.
func Formats() []string { return []string{"text", "json", "sarif", "junit", "github", "html"} }

// Write writes the report in one of the formats.
func (r *Report) Write(w io.Writer, format string, opt Options) error {
	var err error
	switch format {
	case "text":
		err = r.text(w, opt.Style)
	case "json":
		err = r.json(w)
	case "sarif":
		err = r.sarif(w, opt)
	case "junit":
		err = r.junit(w, opt)
	case "github":
		err = r.github(w, opt)
	case "html":
		err = r.html(w, opt)
	default:
		err = fmt.Errorf("%q is none of %s", format, strings.Join(Formats(), ", "))
	}
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// path is a file's path from the top of the repository, with slashes; absolute
// for a file outside of it, and "" for what is no file.
func (o Options) path(file string) string {
	if !isFile(file) {
		return ""
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(o.Dir, file)
	}
	if rel, err := filepath.Rel(o.Root, file); err == nil && filepath.IsLocal(rel) {
		file = rel
	}
	return filepath.ToSlash(file)
}

// isFile tells a file from a cluster and from standard input.
func isFile(file string) bool { return file != "" && file != "-" }

// uri is path as a URI reference.
func (o Options) uri(file string) string {
	p := o.path(file)
	u := url.URL{Path: p}
	if filepath.IsAbs(p) {
		u.Scheme = "file"
	}
	return u.String()
}
