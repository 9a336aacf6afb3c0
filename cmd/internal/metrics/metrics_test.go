package metrics_test

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/storewarden/storewarden/cmd/internal/metrics"
)

var update = flag.Bool("update", false, "write METRICS.md")

const page = "../../../manifests/observability/METRICS.md"

func TestPage(t *testing.T) {
	if *update {
		if err := os.WriteFile(page, []byte(metrics.Markdown()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(page)
	if err != nil || string(raw) != metrics.Markdown() {
		t.Errorf("METRICS.md is not what the table makes (%v): run this test with -update", err)
	}
}

// Names follow the conventions of Prometheus, and each is there once.
func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range metrics.Table() {
		switch {
		case seen[m.Name], !strings.HasPrefix(m.Name, "storewarden_"), m.Help == "", !slices.IsSorted(m.Labels):
			t.Errorf("%+v", m)
		case (m.Type == metrics.Counter) != strings.HasSuffix(m.Name, "_total"):
			t.Errorf("%s is a %s", m.Name, m.Type)
		case slices.ContainsFunc(m.Labels, func(l string) bool { return strings.Contains(l, "user") }):
			t.Errorf("%s has a label without bound", m.Name)
		}
		seen[m.Name] = true
	}
}
