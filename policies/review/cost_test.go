package review_test

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/policies"
	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/input"
)

// some are the policies with only n of the rules, taken evenly from all; -1 is
// all.
func some(b *testing.B, n int) fs.FS {
	b.Helper()
	folders, err := fs.ReadDir(policies.Files, "rego/rules")
	if err != nil {
		b.Fatal(err)
	}
	kept := map[string]bool{}
	for i := range folders {
		if n < 0 || i*n/len(folders) != (i+1)*n/len(folders) {
			kept[folders[i].Name()] = true
		}
	}
	out := fstest.MapFS{}
	err = fs.WalkDir(policies.Files, "rego", func(name string, d fs.DirEntry, err error) error {
		rule, isRule := strings.CutPrefix(path.Dir(name), "rego/rules/")
		if err != nil || d.IsDir() || isRule && !kept[rule] {
			return err
		}
		src, err := fs.ReadFile(policies.Files, name)
		out[name] = &fstest.MapFile{Data: src}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	// The engine takes no answer for an error, so there is always a rule.
	out["rego/rules/t_00/t_00.rego"] = &fstest.MapFile{Data: []byte(silent)}
	return out
}

const silent = `# METADATA
# title: Nothing
# description: A rule that never fires.
# custom:
#   subjects: [SecretProviderClass, SecretSync, Secret]
#   severity: info
#   message: "nothing"
#   remedy: "Do nothing"
#   symptom: None.
#   sources: ["none"]
package storewarden.rules.t_00

finding contains {"code": "T-00"} if input.subject.kind == ""
`

// What rules cost: the same review with none, with some and with all of them. The
// first is what everything else costs.
func BenchmarkRules(b *testing.B) {
	subjects := []struct {
		name, kind string
		plant      func(testing.TB) *plant
	}{
		{"secret-of-four", store.KindSecret, ofFour},
		{"class-of-50", store.KindSecretProviderClass, ofFifty},
	}
	for _, n := range []int{0, 50, -1} {
		e, err := engine.New(engine.Options{Config: input.DefaultConfig()}, some(b, n))
		if err != nil {
			b.Fatal(err)
		}
		label := map[int]string{0: "0", 50: "50", -1: "all"}[n]
		for _, s := range subjects {
			b.Run(fmt.Sprintf("%s/rules=%s", s.name, label), func(b *testing.B) {
				p := s.plant(b)
				p.engine = e
				asked := 0
				for _, r := range e.Rules() {
					if slices.Contains(r.Subjects, s.kind) && r.Code != "T-00" {
						asked++
					}
				}
				benchmark(b, p.reviewer(), subject(b, p, s.kind))
				b.ReportMetric(float64(asked), "rules")
			})
		}
	}
}
