// Package arch shows that imports go down only: which packages must never be
// reached from which, over what the Go tool itself says.
package arch_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/storewarden/storewarden/"

// never lists, for a folder, what none of its packages may depend on.
var never = map[string][]string{
	"certs": {module + "policies", module + "webhook", module + "sync", module + "cmd"},
	// The neutral model and what works on bytes know no cluster, vault or policy.
	"certs/decode":     {"k8s.io/", "sigs.k8s.io/", "github.com/Azure/", "github.com/open-policy-agent/", module + "certs/store", module + "certs/vault"},
	"certs/chain":      {"k8s.io/", "sigs.k8s.io/", "github.com/Azure/", "github.com/open-policy-agent/", module + "certs/store", module + "certs/vault"},
	"certs/vault":      {"k8s.io/", "sigs.k8s.io/controller-runtime", "github.com/open-policy-agent/", module + "certs/store"},
	"policies":         {"k8s.io/", "sigs.k8s.io/controller-runtime", "github.com/Azure/", module + "webhook", module + "sync", module + "cmd", module + "certs/store/cluster", module + "certs/vault/azure"},
	"policies/verdict": {module, "github.com/"},
	"policies/input":   {module + "certs", module + "policies/"},
	"policies/pages":   {module + "policies/review", module + "policies/custom", module + "certs/vault/warm"},
	"sync":             {"github.com/Azure/", module + "cmd", module + "webhook", module + "certs/vault/azure", module + "certs/store/cluster"},
	"sync/plan":        {"k8s.io/", "sigs.k8s.io/controller-runtime", module + "policies", module + "certs/vault"},
	"webhook":          {"github.com/Azure/", module + "cmd", module + "sync", module + "certs/vault/azure", module + "certs/store/cluster"},
	"cmd/internal":     {"github.com/Azure/", module + "cmd/storewarden"},
	// The console shows what sync/hand tells, whose package holds a client: it makes none,
	// and reads no cluster and no vault itself.
	"cmd/internal/console": {module + "certs/store/cluster", module + "certs/vault/azure", module + "certs/vault/dir", module + "sync/controller"},
	"cmd/internal/config":  {"sigs.k8s.io/controller-runtime"},
	"cmd/internal/report":  {"sigs.k8s.io/controller-runtime"},
}

// floors are the only top-level folders with Go code.
var floors = []string{"certs", "policies", "webhook", "sync", "cmd", "manifests", "test"}

type pkg struct {
	ImportPath string
	Deps       []string
}

func TestImportsGoDown(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps=false", "-json=ImportPath,Deps", module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	checked := 0
	for {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		path := strings.TrimPrefix(p.ImportPath, module)
		if top, _, _ := strings.Cut(path, "/"); !contains(floors, top) {
			t.Errorf("%s stands outside the house", path)
		}
		for folder, banned := range never {
			if path != folder && !strings.HasPrefix(path, folder+"/") {
				continue
			}
			checked++
			for _, d := range p.Deps {
				for _, b := range banned {
					if strings.HasPrefix(d, b) && !isStandard(d) && !(strings.HasPrefix(d, module+path)) {
						t.Errorf("%s must not depend on %s", path, d)
					}
				}
			}
			if !strings.HasPrefix(path, "test") {
				for _, d := range p.Deps {
					if strings.HasPrefix(d, module+"test/") {
						t.Errorf("%s depends on %s, which is for tests", path, d)
					}
				}
			}
		}
	}
	if checked < len(never) {
		t.Fatalf("only %d packages were checked", checked)
	}
}

// isStandard lets the copies of golang.org/x in the standard library be.
func isStandard(path string) bool { return strings.HasPrefix(path, "vendor/") }

func contains(all []string, s string) bool {
	for _, x := range all {
		if x == s {
			return true
		}
	}
	return false
}
