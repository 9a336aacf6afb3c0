package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/storewarden/storewarden/policies/verdict"
)

// answers checks, without running it, that what a user's rule returns can become
// a finding. At run time a wrong answer is an error that refuses every change;
// its author shall hear of it before.
func (e *Engine) answers(m *ast.Module) (ms Mistakes) {
	code, ok := codeOf(m.Package)
	if !ok {
		return nil
	}
	rule := e.rules[code]
	if rule == nil || rule.File != m.Package.Location.File {
		return nil // its METADATA is reported already
	}
	for _, implied := range rule.Implies {
		if _, ok := e.rules[implied]; !ok || implied == code {
			ms = append(ms, Mistake{File: rule.File, Line: m.Package.Location.Row,
				Message: fmt.Sprintf("METADATA of %s: custom.implies: there is no other rule %s", code, implied),
				Next:    `Name a code that "storewarden explain" lists`})
		}
	}
	ms = append(ms, rule.strayed(m)...)
	found := false
	for _, r := range m.Rules {
		if r.Head.Name != "finding" {
			continue
		}
		found = true
		h := head{rule: rule, at: r.Location}
		ms = append(ms, h.check(r.Head)...)
	}
	if !found {
		ms = append(ms, Mistake{File: rule.File, Line: m.Package.Location.Row, Message: "the package has no set named finding, so it can never fire",
			Next: fmt.Sprintf(`Write: finding contains {"code": %q} if { … }`, code)})
	}
	return ms
}

// strayed finds keys under custom: that nothing reads, such as a misspelt one.
func (r *Rule) strayed(m *ast.Module) (ms Mistakes) {
	known := []string{"basis", "fix", "implies", "message", "operations", "remedy", "severity", "sources", "subjects", "symptom", "variants"}
	for _, a := range m.Annotations {
		if a.Scope != "package" {
			continue
		}
		for _, key := range sorted(a.Custom) {
			if !slices.Contains(known, key) {
				ms = append(ms, Mistake{File: r.File, Line: a.Location.Row, Message: fmt.Sprintf("METADATA of %s: nothing reads custom.%s", r.Code, key),
					Next: "Use some of " + strings.Join(known, ", ")})
			}
		}
	}
	for _, op := range r.Operations {
		if ops := []string{"create", "update", "delete", "audit"}; !slices.Contains(ops, op) {
			ms = append(ms, Mistake{File: r.File, Line: m.Package.Location.Row, Message: fmt.Sprintf("METADATA of %s: custom.operations: %q is not known", r.Code, op),
				Next: "Use some of " + strings.Join(ops, ", ")})
		}
	}
	return ms
}

// head is one element of a rule's set, as it is written down.
type head struct {
	rule *Rule
	at   *ast.Location
	ms   Mistakes
}

func (h *head) bad(message, next string) {
	h.ms = append(h.ms, Mistake{File: h.at.File, Line: h.at.Row, Message: message, Next: next})
}

func (h *head) check(written *ast.Head) Mistakes {
	code := h.rule.Code
	obj, ok := ast.Object(nil), false
	if written.Key != nil {
		obj, ok = written.Key.Value.(ast.Object)
	}
	if !ok || written.Value != nil {
		h.bad("finding must be a set of objects that are written out in the rule's head", fmt.Sprintf(`Write: finding contains {"code": %q, "entry": e.id} if { … }`, code))
		return h.ms
	}
	if said, ok := literal(obj, "code"); !ok || said != code {
		h.bad(fmt.Sprintf("the result does not have the code of its package, %s", code), fmt.Sprintf(`Write: "code": %q`, code))
	}
	keys := []string{"args", "certificate", "code", "crl", "entry", "field", "severity", "variant"}
	for _, k := range obj.Keys() {
		if name, ok := k.Value.(ast.String); !ok || !slices.Contains(keys, string(name)) {
			h.bad(fmt.Sprintf("a result has no key %s", k), "Use some of "+strings.Join(keys, ", "))
		}
	}
	if s, ok := literal(obj, "severity"); ok && !slices.Contains(verdict.Severities(), verdict.Severity(s)) {
		h.bad(fmt.Sprintf("%q is no severity", s), "Use deny, warn or info")
	}
	variant, _ := literal(obj, "variant")
	words, ok := h.rule.Worded(variant)
	if !ok {
		h.bad(fmt.Sprintf("METADATA has no variant %q", variant), "Add it under custom.variants, with a message, a remedy or both")
		return h.ms
	}
	h.fillable(obj, words)
	return h.ms
}

// fillable demands that every placeholder has a value where the result is this
// one.
func (h *head) fillable(obj ast.Object, words Wording) {
	var names []string
	if args := obj.Get(ast.StringTerm("args")); args != nil {
		written, ok := args.Value.(ast.Object)
		if !ok {
			return // its names are known only at run time
		}
		for _, k := range written.Keys() {
			if name, ok := k.Value.(ast.String); ok {
				names = append(names, string(name))
			}
		}
	}
	all := Placeholders()
	for needs, some := range all {
		if needs == "" || obj.Get(ast.StringTerm(needs)) != nil {
			names = append(names, some...)
		}
	}
	for _, text := range []string{words.Message, words.Remedy} {
		for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
			if slices.Contains(names, m[1]) {
				continue
			}
			next := `Give it a value: "args": {"` + m[1] + `": …}`
			for _, needs := range sorted(all) {
				if slices.Contains(all[needs], m[1]) {
					next = fmt.Sprintf("Add %q to the result: {%s} is a value of it", needs, m[1])
				}
			}
			h.bad(fmt.Sprintf("{%s} in the words of %s has no value in this result", m[1], h.rule.Code), next)
		}
	}
}

// literal is a text that stands in an object as such.
func literal(obj ast.Object, key string) (string, bool) {
	t := obj.Get(ast.StringTerm(key))
	if t == nil {
		return "", false
	}
	return text(t)
}
