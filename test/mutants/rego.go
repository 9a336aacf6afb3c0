package main

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"

	"github.com/storewarden/storewarden/policies"
	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/input"
)

const (
	rulesFolder = "rego/rules/"
	libFolder   = "rego/lib/"
	libPrefix   = "lib/"
	fixture     = "rego/fixture_test.rego"
)

// bench runs the Rego tests of one rule at a time.
type bench struct {
	shared map[string]*ast.Module            // the libraries and the fixture
	rules  map[string]*ast.Module            // by code
	tests  map[string]map[string]*ast.Module // by code, or by the library's name
	libs   map[string]*ast.Module            // those of shared that rules import, by name
	store  storage.Store
}

func newBench() (*bench, error) {
	b := &bench{shared: map[string]*ast.Module{}, rules: map[string]*ast.Module{}, tests: map[string]map[string]*ast.Module{}, libs: map[string]*ast.Module{}}
	err := fs.WalkDir(policies.Files, "rego", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".rego") {
			return err
		}
		src, err := fs.ReadFile(policies.Files, name)
		if err != nil {
			return err
		}
		m, err := engine.Parse(name, src)
		if err != nil {
			return err
		}
		code := codeOf(name)
		isTest := strings.HasSuffix(name, "_test.rego")
		switch {
		case code == "" && (!isTest || name == fixture):
			b.shared[name] = m
		case isTest:
			if b.tests[code] == nil {
				b.tests[code] = map[string]*ast.Module{}
			}
			b.tests[code][name] = m
		case strings.HasPrefix(code, libPrefix):
			b.libs[code], b.shared[name] = m, m
		default:
			b.rules[code] = m
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	plain, err := input.Fixtures()
	if err != nil {
		return nil, fmt.Errorf("make fixtures: %w", err)
	}
	b.store = inmem.NewFromObject(map[string]any{"fixture": plain, "config": plain["config"]})
	return b, nil
}

// codeOf derives KV-12 from rego/rules/kv_12/kv_12.rego and lib/names from
// rego/lib/names_test.rego, "" for other files.
func codeOf(name string) string {
	if lib, ok := strings.CutPrefix(name, libFolder); ok {
		return libPrefix + strings.TrimSuffix(strings.TrimSuffix(lib, ".rego"), "_test")
	}
	rest, ok := strings.CutPrefix(name, rulesFolder)
	if !ok {
		return ""
	}
	return strings.ToUpper(strings.ReplaceAll(path.Dir(rest), "_", "-"))
}

// red is the Rego test of the rule's folder that fails with a mutant, "" if none
// does; valid is false where the mutant is no policy at all. For a library, the
// tests of all rules count after its own.
func (b *bench) red(ctx context.Context, code string, m *ast.Module) (test string, valid bool, err error) {
	test, valid, err = b.run(ctx, code, m, nil)
	if test != "" || !valid || err != nil || b.libs[code] == nil {
		return test, valid, err
	}
	return b.run(ctx, code, m, b.rules)
}

// run runs the tests of the mutant and those of other rules.
func (b *bench) run(ctx context.Context, code string, m *ast.Module, others map[string]*ast.Module) (test string, valid bool, err error) {
	modules := map[string]*ast.Module{}
	for name, lib := range b.shared {
		modules[name] = lib
	}
	for other, rule := range others {
		modules[other] = rule
		for name, t := range b.tests[other] {
			modules[name] = t
		}
	}
	for name, t := range b.tests[code] {
		modules[name] = t
	}
	modules[m.Package.Location.File] = m // in place of the library
	for name, each := range modules {
		modules[name] = each.Copy() // the compiler rewrites what it is given
	}
	c := ast.NewCompiler().WithCapabilities(engine.Capabilities()).WithRewriteTestRules(true)
	txn, err := b.store.NewTransaction(ctx)
	if err != nil {
		return "", false, fmt.Errorf("run tests: %w", err)
	}
	defer b.store.Abort(ctx, txn)
	results, err := tester.NewRunner().SetCompiler(c).SetStore(b.store).SetModules(modules).SetTimeout(time.Minute).RunTests(ctx, txn)
	if err != nil {
		if c.Failed() {
			return "", false, nil
		}
		return "", false, fmt.Errorf("run tests of %s: %w", code, err)
	}
	for r := range results { // drained, or the runner would wait for ever
		if !r.Pass() && test == "" {
			test = r.Name
		}
	}
	return test, true, nil
}
