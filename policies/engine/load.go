package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/storewarden/storewarden/policies/input"
)

// Options are what New needs beside the rules.
type Options struct {
	Config input.Config
	// Custom are the rules of a user; tests among them are passed over.
	Custom []File
}

// New compiles every .rego file of the file systems but tests, gathers the rules
// of each kind of subject, and prepares them. Errors carry the
// author's file and line.
func New(opt Options, rules ...fs.FS) (*Engine, error) {
	modules, err := parse(rules)
	if err != nil {
		return nil, err
	}
	e := &Engine{rules: map[string]*Rule{}, bodies: map[string][]body{}}
	ms := e.describe(modules)
	if len(ms) > 0 {
		return nil, ms.tidy()
	}
	if err := e.addCustom(modules, opt.Custom); err != nil {
		return nil, err
	}
	// The originals come first and alone, so that a mistake is reported where
	// its author made it.
	c, err := NewCompiler()
	if err != nil {
		return nil, err
	}
	if !compile(c, modules) {
		ms, _ := MistakesOf(c.Errors)
		return nil, ms.tidy()
	}
	if err := unknownReferences(c); err != nil {
		return nil, err
	}
	merged, err := e.merge(modules, opt.Config)
	if err != nil {
		return nil, err
	}
	all := copyOf(modules)
	for name, m := range merged {
		all[name] = m
	}
	e.compiler = ast.NewCompiler().WithCapabilities(Capabilities())
	if !compile(e.compiler, all) {
		return nil, fmt.Errorf("compile merged rules: %w", e.compiler.Errors)
	}
	return e, e.prepare(opt)
}

// describe reads the METADATA of every rule that is not known yet.
func (e *Engine) describe(modules map[string]*ast.Module) (ms Mistakes) {
	for _, name := range sorted(modules) {
		if _, ok := codeOf(modules[name].Package); !ok {
			continue
		}
		r, faults := ruleOf(modules[name])
		if ms = append(ms, faults...); len(faults) > 0 {
			continue
		}
		if other, ok := e.rules[r.Code]; ok {
			ms = append(ms, Mistake{File: r.File, Line: modules[name].Package.Location.Row,
				Message: fmt.Sprintf("%s is already the rule of %s", r.Code, other.File), Next: "Give one of them another code"})
			continue
		}
		e.rules[r.Code] = r
	}
	return ms
}

// NewCompiler holds rules to what they may use and to the schemas of what they
// read.
func NewCompiler() (*ast.Compiler, error) {
	schemas, err := schemaSet()
	if err != nil {
		return nil, err
	}
	return ast.NewCompiler().WithCapabilities(Capabilities()).WithStrict(true).
		WithSchemas(schemas).WithUseTypeCheckAnnotations(true).SetErrorLimit(0), nil
}

// compile works on copies: the compiler rewrites the modules that it is given.
func compile(c *ast.Compiler, modules map[string]*ast.Module) bool {
	c.Compile(copyOf(modules))
	return !c.Failed()
}

func copyOf(modules map[string]*ast.Module) map[string]*ast.Module {
	out := make(map[string]*ast.Module, len(modules))
	for name, m := range modules {
		out[name] = m.Copy()
	}
	return out
}

func parse(systems []fs.FS) (map[string]*ast.Module, error) {
	modules := map[string]*ast.Module{}
	var errs []error
	for i, fsys := range systems {
		err := fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".rego") || strings.HasSuffix(path, "_test.rego") {
				return err
			}
			src, err := fs.ReadFile(fsys, path)
			if err != nil {
				return err
			}
			m, err := Parse(path, src)
			if err != nil {
				errs = append(errs, err)
				return nil
			}
			modules[fmt.Sprintf("%d/%s", i, path)] = m
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read rules: %w", err)
		}
	}
	if len(errs) > 0 {
		return nil, fmt.Errorf("parse rules: %w", errors.Join(errs...))
	}
	return modules, nil
}

// Parse reads one file; the name is what errors show.
func Parse(name string, text []byte) (*ast.Module, error) {
	return ast.ParseModuleWithOpts(name, string(text), ast.ParserOptions{
		ProcessAnnotation: true, RegoVersion: ast.RegoV1, Capabilities: Capabilities()})
}

func schemaSet() (*ast.SchemaSet, error) {
	set := ast.NewSchemaSet()
	for name, schema := range map[string]map[string]any{"input": input.Schema(), "config": input.ConfigSchema()} {
		plain, err := viaJSON(schema) // OPA takes only the types of encoding/json
		if err != nil {
			return nil, err
		}
		set.Put(ast.MustParseRef("schema."+name), plain)
	}
	return set, nil
}

func viaJSON(v any) (out any, err error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return out, json.Unmarshal(raw, &out)
}

// merge makes one module for each kind of subject, with a set for each body of
// the rules for that kind, and reads what the body needs. References are resolved
// by OPA's own compiler first, so a body means the same wherever it stands.
func (e *Engine) merge(modules map[string]*ast.Module, config input.Config) (map[string]*ast.Module, error) {
	c, err := NewCompiler()
	if err != nil {
		return nil, err
	}
	if !compile(c.WithOnlyStagesUpTo(ast.StageResolveRefs), modules) {
		return nil, fmt.Errorf("resolve rules: %w", c.Errors)
	}
	settings, err := viaJSON(config)
	if err != nil {
		return nil, fmt.Errorf("settings of rules: %w", err)
	}
	plain, _ := settings.(map[string]any)
	known := knownOf(c.Modules, plain)
	merged := map[string]*ast.Module{}
	for _, kind := range kinds {
		src := "package storewarden.merged." + strings.ToLower(kind) + "\n"
		m, err := ast.ParseModuleWithOpts("merged/"+kind, src, ast.ParserOptions{RegoVersion: ast.RegoV1})
		if err != nil {
			return nil, fmt.Errorf("merge rules: %w", err)
		}
		bodies := []body{}
		for _, name := range sorted(c.Modules) {
			code, ok := codeOf(c.Modules[name].Package)
			if !ok || !slices.Contains(e.rules[code].Subjects, kind) {
				continue
			}
			for _, r := range c.Modules[name].Rules {
				if r.Head.Name != "finding" || r.Head.Key == nil {
					continue
				}
				r = r.Copy()
				r.Module = m
				r.Head.Name = ast.Var(fmt.Sprintf("finding_%d", len(bodies)))
				r.Head.Reference = ast.Ref{ast.NewTerm(r.Head.Name)}
				m.Rules = append(m.Rules, r)
				bodies = append(bodies, body{need: needOf(r.Body, known), operations: e.rules[code].Operations,
					ref: m.Package.Path.String() + "." + r.Head.Name.String()})
			}
		}
		e.bodies[kind] = bodies
		merged["merged/"+kind] = m
	}
	return merged, nil
}

// prepare compiles the queries and stores the settings as OPA values, so that a
// rule which reads one converts nothing.
func (e *Engine) prepare(opt Options) error {
	config, err := viaJSON(opt.Config)
	if err != nil {
		return fmt.Errorf("settings of rules: %w", err)
	}
	e.store = inmem.NewFromObjectWithOpts(map[string]any{"config": config}, inmem.OptReturnASTValuesOnRead(true), inmem.OptRoundTripOnWrite(false))
	for _, bodies := range e.bodies {
		for i := range bodies {
			if bodies[i].query, err = e.query(bodies[i].ref, i); err != nil {
				return err
			}
		}
	}
	e.reference, err = e.query("data.custom.finding", 0)
	return err
}

// query asks for one set; n makes its answer's name one of its own.
func (e *Engine) query(ref string, n int) (ast.Body, error) {
	body, err := e.compiler.QueryCompiler().Compile(ast.MustParseBody(fmt.Sprintf("findings_%d = %s", n, ref)))
	if err != nil {
		return nil, fmt.Errorf("prepare %s: %w", ref, err)
	}
	return body, nil
}

func sorted[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for n := range m {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// cancelOn stops an evaluation when the context ends.
func cancelOn(ctx context.Context) (cancel topdown.Cancel, stop func() bool) {
	cancel = topdown.NewCancel()
	return cancel, context.AfterFunc(ctx, cancel.Cancel)
}
