package engine

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Mistake is what is wrong with a rule, where, and what its author does next.
type Mistake struct {
	File    string
	Line    int // 0 where none applies
	Message string
	Next    string
}

func (m Mistake) String() string {
	where := m.File
	if m.Line > 0 {
		where = fmt.Sprintf("%s:%d", m.File, m.Line)
	}
	return strings.TrimSuffix(fmt.Sprintf("%s: %s. %s", where, m.Message, m.Next), " ")
}

// Mistakes is all that is wrong with a set of rules, as an error.
type Mistakes []Mistake

func (ms Mistakes) Error() string {
	lines := make([]string, len(ms))
	for i, m := range ms {
		lines[i] = m.String()
	}
	return strings.Join(lines, "\n")
}

// tidy sorts by place and says nothing twice; nil, without a type, for none.
func (ms Mistakes) tidy() error {
	if len(ms) == 0 {
		return nil
	}
	slices.SortStableFunc(ms, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(ms)
}

// MistakesOf reads what OPA's parser or compiler complains of; ok is false for
// an error of another kind.
func MistakesOf(err error) (ms Mistakes, ok bool) {
	var many ast.Errors
	switch one := (*ast.Error)(nil); {
	case errors.As(err, &many):
	case errors.As(err, &one):
		many = ast.Errors{one}
	default:
		return nil, errors.As(err, &ms)
	}
	for _, e := range many {
		m := explain(e)
		if e.Location != nil {
			m.File, m.Line = e.Location.File, e.Location.Row
		}
		ms = append(ms, m)
	}
	return ms, true
}

var undefined = regexp.MustCompile(`^undefined function (\S+)$`)

// explain puts a complaint of OPA into words for someone who writes their first
// rule.
func explain(e *ast.Error) Mistake {
	if d, ok := e.Details.(*ast.RefErrInvalidDetail); ok && d.Pos > 0 && d.Pos < len(d.Ref) && len(d.OneOf) > 0 {
		return Mistake{Message: fmt.Sprintf("%s has no field %s", named(d.Ref[:d.Pos]), named(ast.Ref{d.Ref[d.Pos]})),
			Next: "Use one of " + oneOf(d.OneOf)}
	}
	if m := undefined.FindStringSubmatch(e.Message); m != nil {
		if next := insteadOf(m[1]); next != "" {
			return Mistake{Message: m[1] + " is not available to rules", Next: next}
		}
		return Mistake{Message: "there is no function " + m[1], Next: "Check its spelling and the import; Storewarden's own are in data.storewarden.lib"}
	}
	message := strings.TrimSuffix(firstLine(e.Message), ".")
	if _, isSyntax := e.Details.(*ast.ParserErrorDetail); e.Details != nil && !isSyntax {
		lines := slices.DeleteFunc(e.Details.Lines(), func(l string) bool { return strings.HasPrefix(l, "hint") })
		message += " (" + strings.Join(strings.Fields(strings.Join(lines, ", ")), " ") + ")"
	}
	next := "Correct the Rego at this line: https://www.openpolicyagent.org/docs/policy-language"
	switch {
	case e.Code == ast.UnsafeVarErr:
		next = `Give it a value first: "some … in …" or ":="`
	case strings.HasPrefix(e.Message, "import ") && strings.HasSuffix(e.Message, " unused"):
		next = "Remove the import"
	case strings.HasSuffix(e.Message, " unused"):
		next = "Remove it, or name it _"
	case e.Code == ast.TypeErr && strings.HasPrefix(e.Message, "match error"):
		next = "The two sides can never be equal: give them the same type"
	case e.Code == ast.RecursionErr:
		next = "A rule must not depend on itself"
	}
	return Mistake{Message: message, Next: next}
}

var local = regexp.MustCompile(`__local\d+__`)

// named prints a reference without the names that the compiler gives.
func named(r ast.Ref) string { return local.ReplaceAllString(strings.Trim(r.String(), `"`), "_") }

func oneOf(values []ast.Value) string {
	names := make([]string, len(values))
	for i, v := range values {
		names[i] = strings.Trim(v.String(), `"`)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}
