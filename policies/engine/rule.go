package engine

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/storewarden/storewarden/policies/verdict"
)

// Profile is a named set of severities.
type Profile string

// The closed list of profiles.
const (
	Observe  Profile = "observe"
	Standard Profile = "standard"
	Strict   Profile = "strict"
)

// Profiles lists them, mildest first.
func Profiles() []Profile { return []Profile{Observe, Standard, Strict} }

// Rule is what a rule's METADATA says, resolved once at load.
type Rule struct {
	Code        string
	Title       string
	Description string
	Severity    map[Profile]verdict.Severity
	Subjects    []string // kinds of object it judges
	Operations  []string // at which it judges; a delete only where METADATA says so
	Basis       verdict.Basis
	Implies     []string // codes that this one makes superfluous on the same entry
	Covers      []string // codes of the catalogue that this one is too, and that have no rule of their own
	Symptom     string   // how it looks when it slips through
	Sources     []string // citations
	Wording
	Variants map[string]Wording
	File     string
	Custom   bool // a user's own
}

// Wording is a message and its remedy, with {placeholders}.
type Wording struct {
	Message string
	Remedy  string
	// Fix is the remedy where it is one certain line; it is not inherited by variants.
	Fix verdict.Fix
}

// Worded returns the wording of a variant, "" for the rule's own.
func (r *Rule) Worded(variant string) (Wording, bool) {
	if variant == "" {
		return r.Wording, true
	}
	w, ok := r.Variants[variant]
	if w.Message == "" {
		w.Message = r.Message
	}
	if w.Remedy == "" {
		w.Remedy = r.Remedy
	}
	return w, ok
}

const rulesPath = "data.storewarden.rules."

// codeOf derives KV-12 from package storewarden.rules.kv_12, and ACME-01 from
// package custom.rules.acme_01.
func codeOf(pkg *ast.Package) (code string, ok bool) {
	path := pkg.Path.String()
	name, ok := strings.CutPrefix(path, rulesPath)
	if !ok {
		name, ok = strings.CutPrefix(path, customRules)
	}
	return strings.ToUpper(strings.ReplaceAll(name, "_", "-")), ok && !strings.Contains(name, ".")
}

var catalogued = regexp.MustCompile(`^(SPC|SS|SEC|KV|X|CL|U)-[0-9]{2}$`)

var kinds = []string{"SecretProviderClass", "SecretSync", "Secret", "Device", "ConnectorTemplate", "Certificate"}

// ruleOf reads the METADATA of a rule's package and refuses what is incomplete:
// a rule without a remedy is of no use to anybody.
func ruleOf(module *ast.Module) (*Rule, Mistakes) {
	code, _ := codeOf(module.Package)
	at := module.Package.Location
	i := slices.IndexFunc(module.Annotations, func(a *ast.Annotations) bool { return a.Scope == "package" })
	if i < 0 {
		return nil, Mistakes{{File: at.File, Line: at.Row, Message: fmt.Sprintf("package %s has no METADATA", packageOf(module)),
			Next: "Write a # METADATA block right above the package line, with title, description and custom"}}
	}
	a := module.Annotations[i]
	m := metadata{a.Custom}
	r := &Rule{
		Code: code, Title: a.Title, Description: strings.TrimSpace(a.Description), File: at.File,
		Custom:   strings.HasPrefix(module.Package.Path.String(), customRules),
		Severity: m.severities(), Subjects: m.list("subjects"), Implies: m.list("implies"), Covers: m.list("covers"), Operations: m.operations(),
		Basis: verdict.Basis(m.text("basis")), Symptom: m.text("symptom"), Sources: m.list("sources"),
		Wording: m.wording(),
	}
	if vs, ok := a.Custom["variants"].(map[string]any); ok {
		r.Variants = make(map[string]Wording, len(vs))
		for name, v := range vs {
			w, _ := v.(map[string]any)
			r.Variants[name] = metadata{w}.wording()
		}
	}
	faults := r.faults()
	for j := range faults {
		faults[j].File, faults[j].Line = at.File, a.Location.Row
		faults[j].Message = "METADATA of " + code + ": " + faults[j].Message
	}
	return r, faults
}

// packageOf is the package as its author wrote it.
func packageOf(m *ast.Module) string { return strings.TrimPrefix(m.Package.Path.String(), "data.") }

func (r *Rule) faults() (ms Mistakes) {
	for what, absent := range map[string]bool{
		"title": r.Title == "", "description": r.Description == "", "custom.message": r.Message == "",
		"custom.remedy": r.Remedy == "", "custom.symptom": r.Symptom == "", "custom.sources": len(r.Sources) == 0,
		"custom.subjects": len(r.Subjects) == 0, "custom.severity": len(r.Severity) != len(Profiles()),
	} {
		if absent {
			ms = append(ms, Mistake{Message: what + " is missing or not of its form", Next: "Write " + metadataExample(what)})
		}
	}
	for _, s := range r.Subjects {
		if !slices.Contains(kinds, s) {
			ms = append(ms, Mistake{Message: "custom.subjects: " + s + " is not a kind that is judged", Next: "Use some of " + strings.Join(kinds, ", ")})
		}
	}
	bases := []verdict.Basis{verdict.OnObject, verdict.OnPeer, verdict.OnPeerEntry, verdict.OnReferences, verdict.OnNeighbour, verdict.OnHand}
	if !slices.Contains(bases, r.Basis) {
		ms = append(ms, Mistake{Message: "custom.basis: " + string(r.Basis) + " is not known", Next: "Leave it out, or use peer, peer-entry, references, neighbour or hand"})
	}
	for _, code := range r.Covers {
		if !catalogued.MatchString(code) {
			ms = append(ms, Mistake{Message: "custom.covers: " + code + " is not a code of the catalogue", Next: "Leave it out"})
		}
	}
	for _, w := range append(slices.Collect(maps.Values(r.Variants)), r.Wording) {
		if f := w.Fix; f != (verdict.Fix{}) && (!slices.Contains([]string{"objectEncoding", "objectType"}, f.Field) || !plain.MatchString(f.Value)) {
			ms = append(ms, Mistake{Message: fmt.Sprintf("fix: %q: %q is no line that can be added", f.Field, f.Value),
				Next: "Leave it out, or write fix: {field: objectEncoding, value: hex}; field may also be objectType"})
		}
	}
	slices.SortFunc(ms, func(a, b Mistake) int { return strings.Compare(a.Message, b.Message) })
	return ms
}

// plain is a value that needs no quotes.
var plain = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// metadataExample shows a line as it may be.
func metadataExample(what string) string {
	switch what {
	case "custom.sources":
		return `sources: ["Plant standard 7, section 3"]`
	case "custom.subjects":
		return "subjects: [Secret, SecretSync]"
	case "custom.severity":
		return "severity: deny, or warn or info, or {observe: info, standard: warn, strict: deny}"
	}
	name := strings.TrimPrefix(what, "custom.")
	return name + `: "some text"`
}

// metadata reads the free part of a METADATA block.
type metadata struct{ custom map[string]any }

func (m metadata) text(key string) string {
	s, _ := m.custom[key].(string)
	return strings.TrimSpace(s)
}

func (m metadata) wording() Wording {
	fix, _ := m.custom["fix"].(map[string]any)
	return Wording{m.text("message"), m.text("remedy"), verdict.Fix{Field: metadata{fix}.text("field"), Value: metadata{fix}.text("value")}}
}

func (m metadata) list(key string) []string {
	items, _ := m.custom[key].([]any)
	out := make([]string, 0, len(items))
	for _, it := range items {
		if s, ok := it.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// operations default to all but delete: what is wrong with an object is no
// reason to keep it.
func (m metadata) operations() []string {
	if ops := m.list("operations"); len(ops) > 0 {
		return ops
	}
	return []string{"create", "update", "audit"}
}

// severities reads one severity for all profiles, or one for each. A single one
// is softened to a warning under observe, which never denies.
func (m metadata) severities() map[Profile]verdict.Severity {
	out := map[Profile]verdict.Severity{}
	switch v := m.custom["severity"].(type) {
	case string:
		for _, p := range Profiles() {
			out[p] = verdict.Severity(v)
		}
		if out[Observe] == verdict.Deny {
			out[Observe] = verdict.Warn
		}
	case map[string]any:
		for _, p := range Profiles() {
			s, _ := v[string(p)].(string)
			out[p] = verdict.Severity(s)
		}
	}
	for _, s := range out {
		if !slices.Contains(verdict.Severities(), s) {
			return nil
		}
	}
	return out
}
