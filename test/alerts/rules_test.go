package alerts_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

const folder = "../../manifests/observability/"

func read(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(folder + name)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// table is every name under which a metric of METRICS.md can be asked for, with its labels.
func table(t *testing.T) map[string][]string {
	t.Helper()
	line := regexp.MustCompile("(?m)^\\| `(storewarden_[a-z_]+)` \\| (counter|gauge|histogram) \\| ([^|]*) \\|")
	names := map[string][]string{}
	for _, m := range line.FindAllStringSubmatch(string(read(t, "METRICS.md")), -1) {
		var labels []string
		for l := range strings.SplitSeq(m[3], ",") {
			labels = append(labels, strings.Trim(l, " `"))
		}
		if m[2] == "histogram" {
			for _, s := range []string{"_bucket", "_sum", "_count"} {
				names[m[1]+s] = append([]string{"le"}, labels...)
			}
			continue
		}
		names[m[1]] = labels
	}
	if len(names) < 30 {
		t.Fatalf("METRICS.md has %d metrics", len(names))
	}
	return names
}

// ofTargets are labels that Prometheus gives every series of a pod, and of processes the
// metrics that the dashboard shows beside ours.
var (
	ofTargets = []string{"namespace", "pod", "job", "instance"}
	beside    = []string{"process_resident_memory_bytes", "process_cpu_seconds_total", "process_start_time_seconds"}
)

// checkQuery parses a query and holds it to the table.
func checkQuery(t *testing.T, where, query string, names map[string][]string) {
	t.Helper()
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(query)
	if err != nil {
		t.Errorf("%s: %v\n%s", where, err, query)
		return
	}
	var allowed []string
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		v, ok := n.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		labels, known := names[v.Name]
		if !known && !slices.Contains(beside, v.Name) {
			t.Errorf("%s asks for %s, which is not in METRICS.md", where, v.Name)
		}
		allowed = append(allowed, labels...)
		for _, m := range v.LabelMatchers {
			if m.Name != model.MetricNameLabel && !slices.Contains(labels, m.Name) && !slices.Contains(ofTargets, m.Name) {
				t.Errorf("%s: %s has no label %s", where, v.Name, m.Name)
			}
		}
		return nil
	})
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		if a, ok := n.(*parser.AggregateExpr); ok {
			for _, l := range a.Grouping {
				if !slices.Contains(allowed, l) && !slices.Contains(ofTargets, l) {
					t.Errorf("%s groups by %s, which nothing in it has", where, l)
				}
			}
		}
		return nil
	})
}

// ruleFile is the PrometheusRule as Prometheus itself reads rules.
func ruleFile(t *testing.T) (path string, groups *rulefmt.RuleGroups) {
	t.Helper()
	var object struct {
		APIVersion string    `yaml:"apiVersion"`
		Kind       string    `yaml:"kind"`
		Spec       yaml.Node `yaml:"spec"`
	}
	if err := yaml.NewDecoder(bytes.NewReader(read(t, "alerts.yaml"))).Decode(&object); err != nil {
		t.Fatal(err)
	}
	if object.Kind != "PrometheusRule" || object.APIVersion != "monitoring.coreos.com/v1" {
		t.Fatalf("it is a %s %s", object.APIVersion, object.Kind)
	}
	raw, err := yaml.Marshal(&object.Spec)
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	groups, errs := rulefmt.ParseFile(path, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return path, groups
}

// Every alert is well formed, asks for metrics that there are, says how bad it is, what it
// means, and where to read on.
func TestRules(t *testing.T) {
	_, groups := ruleFile(t)
	names := table(t)
	for _, g := range groups.Groups {
		for _, r := range g.Rules {
			checkQuery(t, r.Alert, r.Expr, names)
			if !strings.HasPrefix(r.Alert, "Storewarden") || !slices.Contains([]string{"critical", "warning", "info"}, r.Labels["severity"]) {
				t.Errorf("%s is of the severity %q", r.Alert, r.Labels["severity"])
			}
			if r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
				t.Errorf("%s has no summary or no description", r.Alert)
			}
			want := "https://github.com/storewarden/storewarden/blob/main/manifests/observability/RUNBOOK.md#" + strings.ToLower(r.Alert)
			if r.Annotations["runbook_url"] != want {
				t.Errorf("%s: runbook_url is %s", r.Alert, r.Annotations["runbook_url"])
			}
		}
	}
}

// Each alert has a section in the runbook, with an answer to all four questions and a
// command to run, and each section is of an alert.
func TestRunbook(t *testing.T) {
	_, groups := ruleFile(t)
	sections := map[string]string{}
	for section := range strings.SplitSeq(string(read(t, "RUNBOOK.md")), "\n## ") {
		name, text, _ := strings.Cut(section, "\n")
		if strings.HasPrefix(name, "Storewarden") {
			sections[name] = text
		}
	}
	for _, g := range groups.Groups {
		for _, r := range g.Rules {
			text, ok := sections[r.Alert]
			if !ok {
				t.Errorf("%s has no section in RUNBOOK.md", r.Alert)
				continue
			}
			for _, question := range []string{"**Meaning.**", "**What breaks.**", "**Find the cause.**", "**Mend it.**", "```sh\n"} {
				if !strings.Contains(text, question) {
					t.Errorf("the section of %s has no %s", r.Alert, question)
				}
			}
			delete(sections, r.Alert)
		}
	}
	for name := range sections {
		t.Errorf("RUNBOOK.md has a section %s, and there is no such alert", name)
	}
}
