package main

import (
	"context"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/input"
)

// switched are all rules, each with one condition more: that the document does
// not say it is off. One engine then plays every case without every rule, where
// an engine for each would take a second for each.
//
// The switch is the title of the store, a text for messages that no rule reads;
// were one to read it, TestSwitch would tell.
func switched(rules map[string]*ast.Module) (*engines, error) {
	changed := map[string]*ast.Module{}
	for code, original := range rules {
		m := original.Copy()
		for _, r := range m.Rules {
			if r.Head.Name == "finding" {
				on := ast.MustParseExpr(fmt.Sprintf("input.store.title != %q", off(code)))
				ast.WalkTerms(on, func(t *ast.Term) bool { t.Location = r.Location; return false })
				on.Location = r.Location
				r.Body = append(ast.Body{on}, r.Body...)
				reindex(r.Body)
			}
		}
		changed[code] = m
	}
	files, err := overlay(changed)
	return &engines{files: files}, err
}

func off(code string) string { return "without " + code }

// fires reports whether a rule returns anything in a case, with the rule or
// without it.
func fires(ctx context.Context, es *engines, w world, code string, with bool) (bool, error) {
	e, err := es.get(w.Rules())
	if err != nil {
		return false, err
	}
	r, err := w.reviewer(e)
	if err != nil {
		return false, err
	}
	for _, req := range w.reqs {
		doc, err := r.Document(ctx, req)
		if err != nil {
			return false, err
		}
		if said, err := says(ctx, e, doc, code, with); said || err != nil {
			return said, err
		}
	}
	return false, nil
}

func says(ctx context.Context, e *engine.Engine, doc *input.Document, code string, with bool) (bool, error) {
	if !with {
		doc.Store.Title = off(code)
	}
	results, err := e.Evaluate(ctx, doc)
	for _, r := range results {
		if r.Rule.Code == code {
			return true, err
		}
	}
	return false, err
}

// redWithout is a case that lists a finding of the rule and does not get it when
// the rule is off, "" if there is none.
func redWithout(ctx context.Context, es *engines, all []world, code string) (string, error) {
	for _, w := range all {
		if !w.names(code) {
			continue
		}
		with, err := fires(ctx, es, w, code, true)
		if err != nil {
			return "", err
		}
		without, err := fires(ctx, es, w, code, false)
		if err != nil {
			return "", err
		}
		if with && !without {
			return w.Name, nil
		}
	}
	return "", nil
}
