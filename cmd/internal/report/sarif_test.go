package report_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/storewarden/storewarden/cmd/internal/report"
)

// sarifSchema compiles the schema of the format, with its formats asserted. The
// file is the one of OASIS for 2.1.0 (rtm.5), unchanged, as the npm package
// @microsoft/jest-sarif 1.0.0-beta.0 carries it under the MIT licence.
func sarifSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	raw, err := os.ReadFile("testdata/sarif-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("sarif.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSARIFIsValid(t *testing.T) {
	schema := sarifSchema(t)
	for name, r := range map[string]*report.Report{"sample": sample(), "known": known(t), "empty": {}} {
		raw := write(t, r, "sarif", options())
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if bytes.Contains(raw, []byte("null")) {
			t.Errorf("%s holds null", name)
		}
	}
	// The schema does speak: each of these is refused.
	for name, spoil := range map[string]func(run map[string]any){
		"a level that is none": func(run map[string]any) { run["results"].([]any)[0].(map[string]any)["level"] = "deny" },
		"no message":           func(run map[string]any) { delete(run["results"].([]any)[0].(map[string]any), "message") },
		"a field of our own":   func(run map[string]any) { run["storewarden"] = true },
		"no URI": func(run map[string]any) {
			driver := run["tool"].(map[string]any)["driver"].(map[string]any)
			driver["rules"].([]any)[0].(map[string]any)["helpUri"] = "storewarden explain KV-12"
		},
	} {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(write(t, sample(), "sarif", options())))
		if err != nil {
			t.Fatal(err)
		}
		spoil(doc.(map[string]any)["runs"].([]any)[0].(map[string]any))
		if schema.Validate(doc) == nil {
			t.Errorf("%s is valid", name)
		}
	}
}

// log is the part of a log that consumers read, in the terms of the standard.
type log struct {
	Runs []struct {
		Tool struct {
			Driver struct {
				Rules []struct {
					ID, Name string
					Help     struct{ Text, Markdown string }
				}
			}
		}
		Invocations []struct {
			ExecutionSuccessful        bool
			ToolExecutionNotifications []struct{ Level string }
		}
		Results []struct {
			RuleID        string `json:"ruleId"`
			RuleIndex     int
			Level         string
			BaselineState string
			Message       struct{ Text string }
			Locations     []struct {
				PhysicalLocation *struct {
					ArtifactLocation struct{ URI, URIBaseID string }
					Region           struct{ StartLine int }
				}
				LogicalLocations []struct{ FullyQualifiedName, Kind string }
			}
		}
	}
}

func readLog(t *testing.T, r *report.Report) log {
	t.Helper()
	var l log
	if err := json.Unmarshal(write(t, r, "sarif", options()), &l); err != nil {
		t.Fatal(err)
	}
	return l
}

func TestSARIFPlacesResults(t *testing.T) {
	run := readLog(t, sample()).Runs[0]
	var got []string
	for _, res := range run.Results {
		if id := run.Tool.Driver.Rules[res.RuleIndex].ID; id != res.RuleID {
			t.Errorf("ruleIndex leads from %s to %s", res.RuleID, id)
		}
		place := "cluster"
		if p := res.Locations[0].PhysicalLocation; p != nil {
			place = p.ArtifactLocation.URIBaseID + " " + p.ArtifactLocation.URI
			if strings.Contains(place, "elsewhere") {
				place, _, _ = strings.Cut(place, "%3Cscript") // what follows is percent-encoded
			}
			if p.Region.StartLine != 11 {
				t.Errorf("%s is at line %d", res.RuleID, p.Region.StartLine)
			}
		}
		if l := res.Locations[0].LogicalLocations; len(l) != 2 || l[0].Kind != "resource" || l[1].Kind != "property" {
			t.Errorf("%s has the logical locations %+v", res.RuleID, l)
		}
		if strings.Contains(res.Message.Text, "](") {
			t.Errorf("%s has a link in its message", res.RuleID)
		}
		got = append(got, res.RuleID+" "+res.Level+" "+place)
	}
	want := []string{"KV-12 error cluster", "KV-12 warning cluster", "SS-02 note  file:///elsewhere/",
		"KV-12 error %SRCROOT% sub/git%20ops/%C3%A4.yaml", "X-03 warning %SRCROOT% sub/git%20ops/%C3%A4.yaml"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	call := run.Invocations[0]
	if call.ExecutionSuccessful || len(call.ToolExecutionNotifications) != 3 {
		t.Errorf("the invocation is %+v", call)
	}
	if !readLog(t, &report.Report{}).Runs[0].Invocations[0].ExecutionSuccessful {
		t.Error("an audit of nothing failed")
	}
}

func TestSARIFAgainstABaseline(t *testing.T) {
	states := map[string]int{}
	for _, res := range readLog(t, known(t)).Runs[0].Results {
		states[res.BaselineState]++
	}
	if diff := cmp.Diff(map[string]int{"unchanged": 1, "updated": 1, "new": 3}, states); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, res := range readLog(t, sample()).Runs[0].Results {
		if res.BaselineState != "" {
			t.Errorf("without a baseline the state is %s", res.BaselineState)
		}
	}
}

func TestSARIFDescribesRules(t *testing.T) {
	rules := readLog(t, sample()).Runs[0].Tool.Driver.Rules
	if len(rules) != 4 { // three described, one only found
		t.Fatalf("there are %d rules", len(rules))
	}
	kv12 := rules[0]
	if kv12.Name != "TheVaultSecretBelongsToACertificateResource" || !strings.Contains(kv12.Help.Text, "--name <secret>") ||
		!strings.Contains(kv12.Help.Markdown, `--name \<secret\>`) || !strings.Contains(kv12.Help.Text, "If it slips through: BadCertificateUntrusted.") {
		t.Errorf("KV-12 is described as %+v", kv12)
	}
}
