package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing/fstest"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/format"

	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/warm"
	"github.com/storewarden/storewarden/policies"
	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/input"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/test/cases"
)

// world is a case whose files are written.
type world struct {
	*cases.Case
	reader vault.Reader
	reqs   []review.Request
}

// worlds writes every case below a folder.
func worlds(folder string) ([]world, error) {
	all, err := cases.All()
	if err != nil {
		return nil, err
	}
	out := make([]world, len(all))
	for i, c := range all {
		at := filepath.Join(folder, c.Name)
		if err := os.Mkdir(at, 0o755); err != nil {
			return nil, fmt.Errorf("write case: %w", err)
		}
		if err := c.Write(at); err != nil {
			return nil, err
		}
		out[i].Case = c
		if out[i].reader, err = c.Reader(at); err != nil {
			return nil, err
		}
		if out[i].reqs, err = c.Requests(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// names reports whether the case lists a finding of the code.
func (w world) names(code string) bool {
	return slices.ContainsFunc(w.Findings, func(l string) bool { return strings.Contains(l, " "+code+" ") })
}

func (w world) reviewer(e *engine.Engine) (*review.Reviewer, error) {
	opt := review.Options{Engine: e, Inventory: cases.Inventory(), Profile: w.Profile, Severities: w.Severities, Exceptions: w.Exceptions, Identify: w.Identify(),
		ExpiryWarning: time.Duration(w.Rules().ExpiryWarningDays) * 24 * time.Hour}
	if !w.VaultNone {
		opt.Vault = warm.New(w.reader, warm.Options{Now: func() time.Time { return w.Now }})
	}
	return review.New(opt)
}

// engines are of one set of rules, compiled once for each setting.
type engines struct {
	files fs.FS
	made  map[string]*engine.Engine
}

func (es *engines) get(cfg input.Config) (*engine.Engine, error) {
	key := fmt.Sprint(cfg)
	if e, ok := es.made[key]; ok {
		return e, nil
	}
	e, err := engine.New(engine.Options{Config: cfg}, es.files)
	if err != nil {
		return nil, err
	}
	if es.made == nil {
		es.made = map[string]*engine.Engine{}
	}
	es.made[key] = e
	return e, nil
}

// overlay is the policies with other rules in place of some; no file changes.
func overlay(changed map[string]*ast.Module) (fs.FS, error) {
	out := fstest.MapFS{}
	err := fs.WalkDir(policies.Files, "rego", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		src, err := fs.ReadFile(policies.Files, name)
		if err != nil {
			return err
		}
		if m, ok := changed[codeOf(name)]; ok && !strings.HasSuffix(name, "_test.rego") {
			if src, err = format.AstWithOpts(m, format.Opts{RegoVersion: ast.RegoV1}); err != nil {
				return fmt.Errorf("write %s: %w", name, err)
			}
		}
		out[name] = &fstest.MapFile{Data: src}
		return nil
	})
	return out, err
}

// redCase is the first case that the changed rules break, "" if none; those that
// list the code come first. What the engine refuses to load breaks no case: err
// says why.
func redCase(ctx context.Context, all []world, code string, m *ast.Module) (string, error) {
	files, err := overlay(map[string]*ast.Module{code: m})
	if err != nil {
		return "", err
	}
	es := &engines{files: files}
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b world) int {
		if a.names(code) == b.names(code) {
			return 0
		} else if a.names(code) {
			return -1
		}
		return 1
	})
	for _, w := range sorted {
		e, err := es.get(w.Rules())
		if err != nil {
			return "", err
		}
		r, err := w.reviewer(e)
		if err != nil {
			return "", err
		}
		var verdicts []verdict.Verdict
		for _, req := range w.reqs {
			v, err := r.Review(ctx, req)
			if err != nil {
				return w.Name + ": " + err.Error(), nil
			}
			verdicts = append(verdicts, v)
		}
		if !slices.Equal(cases.Lines(verdicts...), w.Findings) {
			return w.Name, nil
		}
	}
	return "", nil
}
