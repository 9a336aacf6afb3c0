// Package engine runs the Rego rules: a document goes in, results come out. It
// compiles and prepares once; rules have no network, no clock and no chance;
// METADATA is resolved here and not in Rego. It fails closed: an answer that is
// missing or of an unexpected shape is an error, never an empty list.
package engine

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/storewarden/storewarden/policies/input"
	"github.com/storewarden/storewarden/policies/verdict"
)

// Engine holds prepared rules. It is safe for concurrent use.
type Engine struct {
	rules     map[string]*Rule
	compiler  *ast.Compiler
	store     storage.Store
	bodies    map[string][]body // by kind of subject
	reference ast.Body
}

// body is one body of a rule, with what it needs.
type body struct {
	need       need
	operations []string
	ref        string
	query      ast.Body
}

// Rules lists the loaded rules by code.
func (e *Engine) Rules() []*Rule {
	out := make([]*Rule, 0, len(e.rules))
	for _, code := range sorted(e.rules) {
		out = append(out, e.rules[code])
	}
	return out
}

// Rule returns the rule of a code.
func (e *Engine) Rule(code string) (*Rule, bool) {
	r, ok := e.rules[code]
	return r, ok
}

// None marks that a result names no entry, certificate or CRL.
const None = -1

// Result is what a rule returned. Entry, Certificate and CRL are indexes into
// the document's lists, None if the rule named none.
type Result struct {
	Rule        *Rule
	Entry       int
	Certificate int
	CRL         int
	Field       string           // "" means the entry's own
	Severity    verdict.Severity // "" means the rule's
	Variant     string
	Args        map[string]string
}

// Evaluate runs the rules for the document's kind of subject and operation, as
// far as the document may have a result for them.
func (e *Engine) Evaluate(ctx context.Context, doc *input.Document) ([]Result, error) {
	if _, ok := e.bodies[doc.Subject.Kind]; !ok {
		return nil, fmt.Errorf("evaluate: no rules for kind %q", doc.Subject.Kind)
	}
	query := e.asked(doc)
	if len(query) == 0 {
		return nil, ctx.Err()
	}
	return e.run(ctx, query, doc)
}

// asked is the query for all bodies that may have a result.
func (e *Engine) asked(doc *input.Document) ast.Body {
	var query ast.Body
	bodies, of := e.bodies[doc.Subject.Kind], reflect.ValueOf(doc).Elem()
	for i := range bodies {
		if b := &bodies[i]; slices.Contains(b.operations, doc.Operation) && b.need.met(of) {
			for _, x := range b.query {
				x := *x // Append numbers it
				query.Append(&x)
			}
		}
	}
	return query
}

// Reference runs the original rules, unmerged, and keeps those for the kind of
// the subject. It is slower and must always agree with Evaluate.
func (e *Engine) Reference(ctx context.Context, doc *input.Document) ([]Result, error) {
	results, err := e.run(ctx, e.reference, doc)
	return slices.DeleteFunc(results, func(r Result) bool {
		return !slices.Contains(r.Rule.Subjects, doc.Subject.Kind)
	}), err
}

func (e *Engine) run(ctx context.Context, query ast.Body, doc *input.Document) ([]Result, error) {
	txn, err := e.store.NewTransaction(ctx)
	if err != nil {
		return nil, fmt.Errorf("evaluate: %w", err)
	}
	defer e.store.Abort(ctx, txn)
	cancel, stop := cancelOn(ctx)
	defer stop()
	q := topdown.NewQuery(query).WithCompiler(e.compiler).WithStore(e.store).WithTransaction(txn).
		WithInput(input.Term(doc)).WithCancel(cancel).WithStrictBuiltinErrors(true)
	var results []Result
	answers := 0
	err = q.Iter(ctx, func(qr topdown.QueryResult) error {
		answers++
		var err error
		results, err = e.results(qr, doc)
		return err
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("evaluate: %w", err)
	case ctx.Err() != nil: // OPA answers even when its context has ended
		return nil, fmt.Errorf("evaluate: %w", ctx.Err())
	case answers != 1:
		return nil, fmt.Errorf("evaluate: the rules gave %d answers, not 1", answers)
	}
	return results, nil
}

// results reads the sets that were asked for, each under a name of its own.
func (e *Engine) results(qr topdown.QueryResult, doc *input.Document) ([]Result, error) {
	var out []Result
	seen := ast.NewSet() // two bodies may give one result
	for _, name := range slices.Sorted(maps.Keys(qr)) {
		term := qr[name]
		set, ok := term.Value.(ast.Set)
		if !ok {
			return nil, fmt.Errorf("the rules answered with a %s, not a set", ast.ValueName(term.Value))
		}
		for _, t := range set.Slice() {
			if seen.Contains(t) {
				continue
			}
			seen.Add(t)
			r, err := e.result(t, doc)
			if err != nil {
				return nil, err
			}
			if slices.Contains(r.Rule.Operations, doc.Operation) {
				out = append(out, r)
			}
		}
	}
	if len(qr) == 0 {
		return nil, fmt.Errorf("the rules gave no answer")
	}
	return out, nil
}

// result reads one element of the set. Whatever it does not know, it refuses.
func (e *Engine) result(t *ast.Term, doc *input.Document) (Result, error) {
	obj, ok := t.Value.(ast.Object)
	if !ok {
		return Result{}, fmt.Errorf("a rule returned a %s, not an object", ast.ValueName(t.Value))
	}
	r := Result{Entry: None, Certificate: None, CRL: None}
	var code string
	err := obj.Iter(func(k, v *ast.Term) error {
		key, _ := k.Value.(ast.String)
		var ok bool
		switch string(key) {
		case "code":
			code, ok = text(v)
		case "field":
			r.Field, ok = text(v)
		case "variant":
			r.Variant, ok = text(v)
		case "severity":
			var s string
			s, ok = text(v)
			r.Severity = verdict.Severity(s)
			ok = ok && r.Severity.Rank() < len(verdict.Severities())
		case "entry":
			r.Entry, ok = index(v, len(doc.Entries))
		case "certificate":
			r.Certificate, ok = index(v, len(doc.Certificates))
		case "crl":
			r.CRL, ok = index(v, len(doc.CRLs))
		case "args":
			r.Args, ok = arguments(v)
		}
		if !ok {
			return fmt.Errorf("%q is unknown or not of its type", string(key))
		}
		return nil
	})
	if err != nil {
		return Result{}, fmt.Errorf("a rule returned %s: %w", code, err)
	}
	if r.Rule, ok = e.rules[code]; !ok {
		return Result{}, fmt.Errorf("a rule returned the code %q, which no loaded rule has", code)
	}
	if _, ok := r.Rule.Worded(r.Variant); !ok {
		return Result{}, fmt.Errorf("%s returned the variant %q, which its METADATA does not have", code, r.Variant)
	}
	return r, nil
}

func text(t *ast.Term) (string, bool) {
	s, ok := t.Value.(ast.String)
	return string(s), ok
}

func index(t *ast.Term, n int) (int, bool) {
	num, ok := t.Value.(ast.Number)
	if !ok {
		return None, false
	}
	i, ok := num.Int()
	return i, ok && i >= 0 && i < n
}

// arguments takes strings and numbers; rules format lists themselves.
func arguments(t *ast.Term) (map[string]string, bool) {
	obj, ok := t.Value.(ast.Object)
	if !ok {
		return nil, false
	}
	args := make(map[string]string, obj.Len())
	obj.Foreach(func(k, v *ast.Term) {
		key, isText := text(k)
		switch v := v.Value.(type) {
		case ast.String:
			args[key] = string(v)
		case ast.Number:
			args[key] = v.String()
		default:
			ok = false
		}
		ok = ok && isText
	})
	return args, ok
}
