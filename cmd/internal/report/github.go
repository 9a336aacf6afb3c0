package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/storewarden/storewarden/policies/verdict"
)

// github writes workflow commands, of which GitHub Actions makes annotations, and
// a summary line. A step shows ten annotations of a level, so the most severe
// come first; what a baseline knows has none.
func (r *Report) github(w io.Writer, opt Options) error {
	var b strings.Builder
	for _, p := range r.failures() {
		title := p.Object.File
		if p.Object.Kind != "" {
			title = p.Object.title()
		}
		command(&b, "error", opt, p.Object, p.Reason, visible(title)+" "+p.what()+": "+visible(p.Message))
	}
	findings := slices.Clone(r.Findings)
	slices.SortStableFunc(findings, func(x, y Finding) int { return cmp.Compare(x.Severity.Rank(), y.Severity.Rank()) })
	level := map[verdict.Severity]string{verdict.Deny: "error", verdict.Warn: "warning", verdict.Info: "notice"}
	for _, f := range findings {
		if f.Known {
			continue
		}
		command(&b, level[f.Severity], opt, f.Object, f.Code+" "+visible(f.Object.title()), visible(f.place()+f.Message)+"\nFix: "+visible(f.Remedy)+"\n("+f.Docs+")")
	}
	b.WriteString(r.summary() + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// place leads a message on by the field, if there is one.
func (f Finding) place() string {
	if f.Field == "" {
		return ""
	}
	return f.Field + ": "
}

func command(b *strings.Builder, level string, opt Options, o Object, title, message string) {
	b.WriteString("::" + level + " ")
	if file := opt.path(o.File); file != "" {
		fmt.Fprintf(b, "file=%s,", property(visible(file)))
		if o.Line > 0 {
			fmt.Fprintf(b, "line=%d,", o.Line)
		}
	}
	fmt.Fprintf(b, "title=%s::%s\n", property(title), data(message))
}

// data and property escape what would end a command or a part of it; nothing
// from a certificate or a manifest can then begin a command of its own.
func data(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func property(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}
