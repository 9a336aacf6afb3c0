package report

import (
	"io"
	"strings"
	"unicode"

	"github.com/storewarden/storewarden/policies/verdict"
)

const (
	toolName     = "storewarden"
	sarifVersion = "2.1.0"
	sarifSchema  = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	// root is the name by which consumers know the top of a checkout.
	root = "%SRCROOT%"
	// The keys of partialFingerprints; the number changes with the meaning.
	findingID     = "storewardenFinding/v1"
	certificateID = "certificateSha256/v1"
)

// level is a severity in SARIF's words.
func level(s verdict.Severity) string {
	switch s {
	case verdict.Deny:
		return "error"
	case verdict.Warn:
		return "warning"
	}
	return "note"
}

// severityOf is the inverse of level; what is none becomes a severity that is
// none either.
func severityOf(l string) verdict.Severity {
	for _, s := range verdict.Severities() {
		if level(s) == l {
			return s
		}
	}
	return verdict.Severity(l)
}

// sarif writes a log of one run in the Static Analysis Results Interchange
// Format. Paths are relative to the top of the repository; an object of a cluster
// has none, and is named by its logical location only.
func (r *Report) sarif(w io.Writer, opt Options) error {
	run := sarifRun{Tool: sarifTool{sarifDriver{Name: toolName, Version: opt.Version, Rules: []sarifRule{}}},
		Results: []sarifResult{}, ColumnKind: "unicodeCodePoints"}
	index := map[string]int{}
	for _, rule := range opt.Rules {
		index[rule.Code] = len(run.Tool.Driver.Rules)
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, ruleOf(rule))
	}
	for _, f := range r.Findings {
		if _, ok := index[f.Code]; !ok { // of a rule that nobody described
			index[f.Code] = len(run.Tool.Driver.Rules)
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, ruleOf(Rule{Code: f.Code, Title: f.Code, Severity: f.Severity}))
		}
		run.Results = append(run.Results, r.result(f, index[f.Code], opt))
	}
	call := sarifInvocation{ExecutionSuccessful: !r.Incomplete(), Notifications: []sarifNotification{}}
	for _, p := range r.Problems {
		n := sarifNotification{Level: "note", Descriptor: sarifReference{p.Reason}, Locations: locations(p.Object, "", opt), Message: plain(p.Message)}
		if p.fails() {
			n.Level, n.Message = "error", plain(p.what()+": "+p.Message)
		}
		call.Notifications = append(call.Notifications, n)
	}
	run.Invocations = []sarifInvocation{call}
	return encode(w, sarifLog{Schema: sarifSchema, Version: sarifVersion, Runs: []sarifRun{run}})
}

func (r *Report) result(f Finding, rule int, opt Options) sarifResult {
	out := sarifResult{RuleID: f.Code, RuleIndex: rule, Level: level(f.Severity), Message: plain(f.Message, "Fix: "+f.Remedy),
		Locations:           locations(f.Object, f.Field, opt),
		PartialFingerprints: map[string]string{findingID: f.ID},
		Properties:          map[string]string{"remedy": f.Remedy, "docs": f.Docs}}
	if f.Fingerprint != "" {
		out.PartialFingerprints[certificateID] = f.Fingerprint
	}
	if f.VaultRef != "" {
		out.Properties["vaultRef"] = f.VaultRef
	}
	if r.compared {
		switch {
		case f.Known:
			out.BaselineState = "unchanged"
		case f.worsened:
			out.BaselineState = "updated"
		default:
			out.BaselineState = "new"
		}
	}
	return out
}

// plain makes text of which no reader makes a link: SARIF has [text](target) in
// plain messages too, and a certificate's name may hold it.
func plain(lines ...string) sarifMessage {
	for i, s := range lines {
		lines[i] = strings.ReplaceAll(visible(s), "](", "] (")
	}
	return sarifMessage{Text: strings.Join(lines, "\n")}
}

func locations(o Object, field string, opt Options) []sarifLocation {
	l := sarifLocation{}
	if isFile(o.File) {
		at := &sarifPhysical{Artifact: sarifArtifact{URI: opt.uri(o.File)}}
		if !strings.HasPrefix(at.Artifact.URI, "file:") {
			at.Artifact.Base = root
		}
		if o.Line > 0 {
			at.Region = &sarifRegion{StartLine: o.Line}
		}
		l.Physical = at
	}
	if o.Kind != "" {
		full := strings.TrimPrefix(o.Namespace+"/"+o.Kind+"/"+o.Name, "/")
		l.Logical = append(l.Logical, sarifLogical{Name: o.Name, FullName: full, Kind: "resource"})
		if field != "" {
			l.Logical = append(l.Logical, sarifLogical{Name: field, FullName: full + "/" + field, Kind: "property"})
		}
	}
	if l.Physical == nil && l.Logical == nil {
		return []sarifLocation{}
	}
	return []sarifLocation{l}
}

func ruleOf(r Rule) sarifRule {
	out := sarifRule{ID: r.Code, Name: pascal(r.Title), Short: sarifMessage{sentence(r.Title)}, Full: sarifMessage{sentence(r.Title)},
		Configuration: sarifConfiguration{level(r.Severity)}, HelpURI: r.URL, Help: help(r),
		Properties: map[string][]string{"tags": {"azure-iot-operations", "certificates"}}}
	if r.Description != "" {
		out.Full.Text = r.Description
	}
	return out
}

func help(r Rule) sarifHelp {
	var text, markdown []string
	part := func(title, body string) {
		if body != "" {
			text = append(text, title+": "+body)
			markdown = append(markdown, "**"+title+":** "+escapeMarkdown(body))
		}
	}
	part("If it slips through", r.Symptom)
	part("What to do", r.Remedy)
	part("More", "storewarden explain "+r.Code)
	return sarifHelp{Text: strings.Join(text, "\n\n"), Markdown: strings.Join(markdown, "\n\n")}
}

// escapeMarkdown keeps <key> from being a tag and * from being emphasis.
func escapeMarkdown(s string) string {
	var b strings.Builder
	for _, c := range s {
		if strings.ContainsRune("\\`*_{}[]<>()#!|&~", c) {
			b.WriteByte('\\')
		}
		b.WriteRune(c)
	}
	return b.String()
}

func sentence(s string) string {
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".!?") {
		return s
	}
	return s + "."
}

// pascal makes the name of a rule from its title.
func pascal(title string) string {
	var b strings.Builder
	for _, word := range strings.FieldsFunc(title, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) }) {
		letters := []rune(word)
		b.WriteString(string(unicode.ToUpper(letters[0])) + string(letters[1:]))
	}
	return b.String()
}
