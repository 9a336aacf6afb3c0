package custom

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/input"
)

// Outcome is how one test ended.
type Outcome string

// The closed list of outcomes.
const (
	Passed  Outcome = "PASS"
	Failed  Outcome = "FAIL"
	Broken  Outcome = "ERROR" // the rule or the test could not be evaluated
	Skipped Outcome = "SKIP"  // its name begins with todo_
)

// TestResult is one test of a user.
type TestResult struct {
	Name    string // package.test
	File    string
	Line    int
	Outcome Outcome
	// Detail says where and with which values it failed, "" if it did not.
	Detail string
}

// Coverage is how much of a file of rules the tests reached.
type Coverage struct {
	File    string
	Percent float64
	Missing []int // the first line of each gap
}

// Report is what came of a user's tests.
type Report struct {
	Tests    []TestResult
	Coverage []Coverage // empty unless it was asked for
}

// OK tells whether no test failed or broke.
func (r Report) OK() bool {
	return !slices.ContainsFunc(r.Tests, func(t TestResult) bool { return t.Outcome == Failed || t.Outcome == Broken })
}

// TestOptions are what Check and Test need.
type TestOptions struct {
	Config input.Config
	Rules  fs.FS // Storewarden's own, with rego/fixture_test.rego
	Files  []engine.File
	Run    *regexp.Regexp // which tests, by package.test; nil for all
	Cover  bool
}

// Check compiles rules and tests, and returns the engine with them: an error
// holds every mistake.
func Check(opt TestOptions) (*engine.Engine, error) {
	e, err := engine.New(engine.Options{Config: opt.Config, Custom: opt.Files}, opt.Rules)
	if err != nil {
		return nil, err
	}
	modules, err := opt.modules()
	if err != nil {
		return nil, err
	}
	c, err := engine.NewCompiler()
	if err != nil {
		return nil, err
	}
	if c.Compile(modules); c.Failed() {
		return nil, mistakes(c.Errors)
	}
	return e, nil
}

// Test runs the tests. An error means that there was nothing to run, or rules
// that do not compile; what failed is in the report.
func Test(ctx context.Context, opt TestOptions) (Report, error) {
	if _, err := Check(opt); err != nil {
		return Report{}, err
	}
	var report Report
	// OPA either traces, to say where a test failed, or measures coverage.
	err := opt.run(ctx, func(r *tester.Runner) { r.EnableTracing(true) }, func(r *tester.Result) {
		report.Tests = append(report.Tests, result(r))
	})
	if err != nil {
		return Report{}, err
	}
	slices.SortFunc(report.Tests, func(a, b TestResult) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Name, b.Name))
	})
	if !opt.Cover {
		return report, nil
	}
	c := cover.New()
	err = opt.run(ctx, func(r *tester.Runner) { r.SetCoverageQueryTracer(c).SetCoverageRuns(nil) }, func(*tester.Result) {})
	if err != nil {
		return Report{}, err
	}
	report.Coverage, err = opt.coverage(c)
	return report, err
}

func (opt TestOptions) run(ctx context.Context, set func(*tester.Runner), each func(*tester.Result)) error {
	modules, err := opt.modules()
	if err != nil {
		return err
	}
	c, err := engine.NewCompiler()
	if err != nil {
		return err
	}
	fixtures, err := input.Fixtures()
	if err != nil {
		return err
	}
	store := inmem.NewFromObject(map[string]any{"fixture": fixtures, "config": fixtures["config"]})
	txn, err := store.NewTransaction(ctx)
	if err != nil {
		return fmt.Errorf("test policies: %w", err)
	}
	defer store.Abort(ctx, txn)
	runner := tester.NewRunner().SetCompiler(c.WithRewriteTestRules(true)).SetStore(store).SetModules(modules).RaiseBuiltinErrors(true)
	if opt.Run != nil {
		runner.Filter(opt.Run.String())
	}
	set(runner)
	results, err := runner.RunTests(ctx, txn)
	if err != nil {
		return mistakes(err)
	}
	for r := range results {
		each(r)
	}
	return ctx.Err()
}

// modules are what a test may see: our rules and the fixtures, not our tests,
// and all of the user's.
func (opt TestOptions) modules() (map[string]*ast.Module, error) {
	const fixture = "rego/fixture_test.rego"
	root, err := engine.Parse("custom", []byte(engine.CustomRoot))
	if err != nil {
		return nil, err
	}
	modules := map[string]*ast.Module{"custom": root}
	err = fs.WalkDir(opt.Rules, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".rego") || (engine.File{Name: path}.IsTest() && path != fixture) {
			return err
		}
		src, err := fs.ReadFile(opt.Rules, path)
		if err != nil {
			return err
		}
		modules["storewarden/"+path], err = engine.Parse(path, src)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	var ms engine.Mistakes
	for _, f := range opt.Files {
		m, err := engine.Parse(f.Name, f.Text)
		if err != nil {
			faults, _ := engine.MistakesOf(err)
			ms = append(ms, faults...)
			continue
		}
		modules["custom/"+f.Name] = m
		if !strings.HasPrefix(m.Package.Path.String(), "data.custom.") {
			ms = append(ms, engine.Mistake{File: f.Name, Line: m.Package.Location.Row, Message: "a test is in a package that is not yours",
				Next: "Name the package as that of the rule with _test behind it, such as custom.rules.acme_01_test"})
		}
	}
	if len(ms) > 0 {
		return nil, ms
	}
	return modules, nil
}

func mistakes(err error) error {
	if ms, ok := engine.MistakesOf(err); ok {
		return ms
	}
	return err
}

func result(r *tester.Result) TestResult {
	out := TestResult{Name: strings.TrimPrefix(r.Package, "data.") + "." + r.Name, File: r.Location.File, Line: r.Location.Row, Outcome: Passed}
	switch {
	case r.Skip:
		out.Outcome = Skipped
	case r.Error != nil:
		out.Outcome, out.Detail = Broken, r.Error.Error()
	case r.Fail:
		out.Outcome, out.Detail = Failed, where(r.Trace)
	}
	return out
}

// where shows the last expression that did not hold, with the values in it.
func where(trace []*topdown.Event) string {
	for _, e := range slices.Backward(trace) {
		x, ok := e.Node.(*ast.Expr)
		if e.Op != topdown.FailOp || !ok || e.Location == nil || e.QueryID == 0 {
			continue
		}
		if _, every := x.Terms.(*ast.Every); every {
			continue // what failed is in its body, and came before
		}
		var b strings.Builder
		if err := topdown.PrettyEvent(&b, e, topdown.PrettyEventOpts{PrettyVars: true}); err != nil {
			return err.Error()
		}
		return fmt.Sprintf("%s:%d does not hold:\n%s", e.Location.File, e.Location.Row, flushLeft(b.String()))
	}
	return ""
}

// flushLeft takes away the column in which the expression began.
func flushLeft(text string) string {
	lines := strings.Split(strings.ReplaceAll(strings.TrimRight(text, " \n"), "\t", " "), "\n")
	indent := len(lines[0])
	for _, l := range lines {
		indent = min(indent, len(l)-len(strings.TrimLeft(l, " ")))
	}
	for i, l := range lines {
		lines[i] = "  " + l[indent:]
	}
	return strings.Join(lines, "\n")
}

// coverage needs the modules under the names that their locations bear.
func (opt TestOptions) coverage(c *cover.Cover) ([]Coverage, error) {
	modules := map[string]*ast.Module{}
	for _, f := range opt.Files {
		if f.IsTest() {
			continue
		}
		m, err := engine.Parse(f.Name, f.Text)
		if err != nil {
			return nil, mistakes(err)
		}
		modules[f.Name] = m
	}
	files := c.Report(modules).Files
	var out []Coverage
	for _, f := range opt.Files {
		if _, ok := modules[f.Name]; !ok {
			continue
		}
		one := Coverage{File: f.Name, Percent: files[f.Name].Coverage}
		for _, gap := range files[f.Name].NotCovered {
			one.Missing = append(one.Missing, gap.Start.Row)
		}
		out = append(out, one)
	}
	return out, nil
}
