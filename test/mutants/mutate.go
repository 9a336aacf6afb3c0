package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// mutant is a rule with one thing changed.
type mutant struct {
	code   string
	line   int
	kind   string // of the change: body, branch, removed or negated
	what   string // the changed text, on one line
	module *ast.Module
}

func (m mutant) String() string { return fmt.Sprintf("%s:%d %s: %s", m.code, m.line, m.kind, m.what) }

// id names a mutant across changes of lines.
func (m mutant) id() string { return m.code + " " + m.kind + " " + m.what }

// without is a rule whose set is there, of the same type, and always empty.
func without(code string, original *ast.Module) mutant {
	m := original.Copy()
	for _, r := range m.Rules {
		if r.Head.Name == "finding" {
			never(r)
		}
	}
	return mutant{code, m.Package.Location.Row, "body", "the whole rule", m}
}

// never makes a rule one that does not hold.
func never(r *ast.Rule) {
	no := ast.NewExpr(ast.BooleanTerm(false))
	no.Location = r.Location
	r.Body = append(ast.Body{no}, r.Body...)
	reindex(r.Body)
}

// mutants are all changes of one rule: each head that never holds, each
// expression gone, each expression turned into its opposite. Some make no valid
// policy; the compiler tells.
func mutants(code string, original *ast.Module) []mutant {
	var out []mutant
	if slices.ContainsFunc(original.Rules, func(r *ast.Rule) bool { return r.Head.Name == "finding" }) {
		out = append(out, without(code, original))
	}
	for i, r := range original.Rules {
		if r.Default {
			continue
		}
		m := original.Copy()
		never(m.Rules[i])
		out = append(out, mutant{code, r.Location.Row, "branch", oneLine(r.Head.String()), m})
	}
	for i, body := range bodies(original) {
		for j, x := range body {
			for _, kind := range []string{"removed", "negated"} {
				m := original.Copy()
				if !change(bodies(m)[i], j, kind) {
					continue
				}
				out = append(out, mutant{code, x.Location.Row, kind, oneLine(x.String()), m})
			}
		}
	}
	return out
}

// bodies are those of rules, and those of every and of comprehensions within
// them, in an order that copies share.
func bodies(m *ast.Module) (out []ast.Body) {
	for _, r := range m.Rules {
		if !r.Default {
			ast.WalkBodies(r, func(b ast.Body) bool {
				if len(b) > 0 && b[0].Location != nil && !(len(b) == 1 && b[0].Equal(ast.NewExpr(ast.BooleanTerm(true)))) {
					out = append(out, b)
				}
				return false
			})
		}
	}
	return out
}

// change changes one expression in place, and tells whether there is anything to
// change.
func change(b ast.Body, at int, kind string) bool {
	x := b[at]
	if kind == "removed" {
		b[at] = ast.NewExpr(ast.BooleanTerm(true))
		b[at].Location = x.Location
		reindex(b)
		return true
	}
	if _, declares := x.Terms.(*ast.SomeDecl); declares || x.IsAssignment() {
		return false
	}
	x.Negated = !x.Negated
	return true
}

func reindex(b ast.Body) {
	for i, x := range b {
		x.Index = i
	}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
