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

// forbidden builtins would make a verdict depend on the network, on the moment
// or on chance. They are taken out of the capabilities, so that a rule which
// uses one does not compile.
var forbidden = []string{"http.send", "opa.runtime", "net.lookup_ip_addr", "rand.intn", "uuid.rfc4122",
	"time.now_ns", "trace", "print", "rego.metadata.chain", "rego.metadata.rule"}

// Capabilities is what a rule may use.
func Capabilities() *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion()
	c.Builtins = slices.DeleteFunc(c.Builtins, func(b *ast.Builtin) bool { return slices.Contains(forbidden, b.Name) })
	c.AllowNet = []string{}
	return c
}

// Options are what New needs beside the rules.
type Options struct {
	Config input.Config
}

// New compiles every .rego file of the file systems but tests, merges the rules
// of each kind of subject into one set, and prepares them. Errors carry the
// author's file and line.
func New(opt Options, rules ...fs.FS) (*Engine, error) {
	modules, err := parse(rules)
	if err != nil {
		return nil, err
	}
	e := &Engine{rules: map[string]*Rule{}, queries: map[string]ast.Body{}}
	for _, name := range sorted(modules) {
		if _, ok := codeOf(modules[name].Package); !ok {
			continue
		}
		r, err := ruleOf(modules[name])
		if err != nil {
			return nil, err
		}
		if other, ok := e.rules[r.Code]; ok {
			return nil, fmt.Errorf("%s: %s is already the rule of %s", r.File, r.Code, other.File)
		}
		e.rules[r.Code] = r
	}
	schemas, err := schemaSet()
	if err != nil {
		return nil, err
	}
	compiler := func() *ast.Compiler {
		return ast.NewCompiler().WithCapabilities(Capabilities()).WithStrict(true).
			WithSchemas(schemas).WithUseTypeCheckAnnotations(true)
	}
	// The originals come first and alone, so that a mistake is reported where
	// its author made it.
	if c := compiler(); !compile(c, modules) {
		return nil, fmt.Errorf("compile rules: %w", c.Errors)
	}
	merged, err := e.merge(compiler, modules)
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
			m, err := ast.ParseModuleWithOpts(path, string(src), ast.ParserOptions{
				ProcessAnnotation: true, RegoVersion: ast.RegoV1, Capabilities: Capabilities()})
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

// merge makes one module for each kind of subject, whose only set holds the
// bodies of all rules for that kind: evaluating one set costs 40 % less than
// asking each package. References are resolved by OPA's own compiler first, so
// a body means the same wherever it stands.
func (e *Engine) merge(compiler func() *ast.Compiler, modules map[string]*ast.Module) (map[string]*ast.Module, error) {
	c := compiler().WithOnlyStagesUpTo(ast.StageResolveRefs)
	if !compile(c, modules) {
		return nil, fmt.Errorf("resolve rules: %w", c.Errors)
	}
	merged := map[string]*ast.Module{}
	for _, kind := range kinds {
		src := "package storewarden.merged." + strings.ToLower(kind) + "\n"
		m, err := ast.ParseModuleWithOpts("merged/"+kind, src, ast.ParserOptions{RegoVersion: ast.RegoV1})
		if err != nil {
			return nil, fmt.Errorf("merge rules: %w", err)
		}
		for _, name := range sorted(c.Modules) {
			code, ok := codeOf(c.Modules[name].Package)
			if !ok || !slices.Contains(e.rules[code].Subjects, kind) {
				continue
			}
			for _, r := range c.Modules[name].Rules {
				if r.Head.Name == "finding" && r.Head.Key != nil {
					r = r.Copy()
					r.Module = m
					m.Rules = append(m.Rules, r)
				}
			}
		}
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
	for _, kind := range kinds {
		if e.queries[kind], err = e.query("data.storewarden.merged." + strings.ToLower(kind) + ".finding"); err != nil {
			return err
		}
	}
	e.reference, err = e.query("data.storewarden.finding")
	return err
}

func (e *Engine) query(ref string) (ast.Body, error) {
	body, err := e.compiler.QueryCompiler().Compile(ast.MustParseBody("findings := " + ref))
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
