package report

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/storewarden/storewarden/policies/verdict"
)

// Style is how text is made for the eye.
type Style struct {
	Color   bool // only for a terminal
	Verbose bool // show what a baseline knows, and name what was skipped
}

const (
	red    = "\x1b[31m"
	yellow = "\x1b[33m"
	blue   = "\x1b[34m"
	bold   = "\x1b[1m"
	reset  = "\x1b[0m"
)

func (s Style) paint(color, text string) string {
	if !s.Color {
		return text
	}
	return color + text + reset
}

func (s Style) severity(v verdict.Severity) string {
	color := map[verdict.Severity]string{verdict.Deny: red, verdict.Warn: yellow, verdict.Info: blue}[v]
	return s.paint(color, fmt.Sprintf("%-4s", v))
}

// text writes the report for a person: findings grouped by object, then what was
// not seen, then always a summary line.
func (r *Report) text(w io.Writer, s Style) error {
	var b strings.Builder
	last := ""
	for _, f := range r.Findings {
		if f.Known && !s.Verbose {
			continue
		}
		if title := objectTitle(f.Object); title != last {
			if last != "" {
				b.WriteByte('\n')
			}
			fmt.Fprintf(&b, "%s\n", s.paint(bold, title))
			last = title
		}
		known := ""
		if f.Known {
			known = "  (known)"
		}
		fmt.Fprintf(&b, "  %s  %-6s  %s%s%s\n", s.severity(f.Severity), f.Code, visible(orDash(f.Field)), lineSuffix(f.Object), known)
		fmt.Fprintf(&b, "          %s\n", visible(f.Message))
		fmt.Fprintf(&b, "          Fix: %s\n", visible(f.Remedy))
	}
	if last != "" {
		b.WriteByte('\n')
	}
	r.writeProblems(&b, s)
	if s.Verbose {
		for _, o := range r.Skipped {
			fmt.Fprintf(&b, "skipped  %s\n", strings.TrimSpace(objectTitle(o)))
		}
	}
	b.WriteString(r.summary() + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Report) writeProblems(b *strings.Builder, s Style) {
	for _, p := range r.failures() {
		where := p.Object.File
		if where != "" && p.Object.Line > 0 {
			where = fmt.Sprintf("%s:%d", where, p.Object.Line)
		}
		if p.Object.Kind != "" {
			where = strings.TrimSpace(where + " " + p.Object.title())
		}
		fmt.Fprintf(b, "%s  %s %s: %s\n", s.paint(red, "error"), visible(where), p.what(), visible(p.Message))
	}
}

// summary says in one line what came of it all.
func (r *Report) summary() string {
	s := r.Summary
	line := fmt.Sprintf("%s judged, %d skipped: %d deny, %d warn, %d info", plural(s.Objects, "object"), s.Skipped, s.Deny, s.Warn, s.Info)
	if r.compared {
		// Something that was not seen is not found, without being fixed.
		gone := "fixed"
		if len(r.Problems) > 0 {
			gone = "not found again"
		}
		line += fmt.Sprintf("; against the baseline %d known, %d %s", s.Known, s.Fixed, gone)
	}
	if r.Incomplete() {
		line += "; INCOMPLETE: something could not be read or judged"
	}
	return line
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func objectTitle(o Object) string {
	name := o.title()
	if o.File != "" {
		name += "  (" + o.File + ")"
	}
	return visible(name)
}

func lineSuffix(o Object) string {
	if o.File == "" || o.Line == 0 {
		return ""
	}
	return fmt.Sprintf("  line %d", o.Line)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// visible keeps what stands in a name on its line, and keeps a terminal and the
// log of a pipeline from obeying it: Azure Pipelines and GitHub Actions take
// ##vso[…] and ##[…] for commands wherever they stand in a line.
func visible(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return ' '
		case r < ' ', r >= 0x7f && r < 0xa0, r == '\u2028', r == '\u2029', r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
			return '?'
		}
		return r
	}, s)
	return logCommand.ReplaceAllString(s, "# $1")
}

var logCommand = regexp.MustCompile(`(?i)#(#(?:vso)?\[)`)
