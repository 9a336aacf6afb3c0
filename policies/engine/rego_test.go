package engine_test

import (
	"context"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/format"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"

	"github.com/storewarden/storewarden/policies"
	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/input"
)

// fixtures are documents of zero values; rules' tests put theirs over them.
func fixtures(t *testing.T) map[string]any {
	t.Helper()
	plain, err := input.Fixtures()
	if err != nil {
		t.Fatal(err)
	}
	return map[string]any{"fixture": plain, "config": plain["config"]}
}

// regoFiles reads rules and tests; every file must be as opa fmt writes it.
func regoFiles(t *testing.T) map[string]*ast.Module {
	t.Helper()
	modules := map[string]*ast.Module{}
	err := fs.WalkDir(policies.Files, "rego", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".rego") {
			return err
		}
		src, err := fs.ReadFile(policies.Files, path)
		if err != nil {
			return err
		}
		formatted, err := format.SourceWithOpts(path, src, format.Opts{RegoVersion: ast.RegoV1})
		if err != nil {
			return err
		}
		if string(formatted) != string(src) {
			t.Errorf("%s is not as opa fmt writes it", path)
		}
		modules[path], err = ast.ParseModuleWithOpts(path, string(src), ast.ParserOptions{
			ProcessAnnotation: true, RegoVersion: ast.RegoV1, Capabilities: engine.Capabilities()})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return modules
}

// Every Rego test is a subtest here, and together they must reach every line
// of every rule; the router is reached by the engine's own tests.
func TestRego(t *testing.T) {
	modules := regoFiles(t)
	coverage := cover.New()
	store := inmem.NewFromObject(fixtures(t))
	ctx := context.Background()
	txn, err := store.NewTransaction(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Abort(ctx, txn)
	results, err := tester.NewRunner().SetCompiler(ast.NewCompiler().WithCapabilities(engine.Capabilities()).WithRewriteTestRules(true)).
		SetStore(store).SetModules(modules).SetCoverageQueryTracer(coverage).SetTimeout(time.Minute).
		RunTests(ctx, txn)
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for r := range results {
		count++
		t.Run(strings.TrimPrefix(r.Package, "data.storewarden.rules.")+"/"+r.Name, func(t *testing.T) {
			if !r.Pass() {
				t.Errorf("%s: %v", r.Location, r)
			}
		})
	}
	if count == 0 {
		t.Fatal("no Rego test was found")
	}
	for path, file := range coverage.Report(modules).Files {
		if strings.HasSuffix(path, "_test.rego") || path == "rego/main.rego" {
			continue
		}
		for _, gap := range file.NotCovered {
			t.Errorf("%s:%d is reached by no Rego test", path, gap.Start.Row)
		}
	}
}
