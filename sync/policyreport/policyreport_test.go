package policyreport_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/sync/policyreport"
)

func judged(findings []verdict.Finding, problems ...verdict.Problem) verdict.Verdict {
	return verdict.Verdict{Object: verdict.Object{APIVersion: "v1", Kind: "Secret", Namespace: "plant", Name: "trust"}, Entries: 3,
		Findings: findings, Problems: problems}
}

func content(t *testing.T, u *unstructured.Unstructured) (results []map[string]any, summary map[string]any) {
	t.Helper()
	list, _, err := unstructured.NestedSlice(u.Object, "results")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range list {
		results = append(results, r.(map[string]any))
	}
	summary, _, err = unstructured.NestedMap(u.Object, "summary")
	if err != nil {
		t.Fatal(err)
	}
	return results, summary
}

func TestGrades(t *testing.T) {
	for name, tc := range map[string]struct {
		v                verdict.Verdict
		result, severity string
	}{
		"deny":    {judged([]verdict.Finding{{Severity: verdict.Deny}}), "fail", "high"},
		"warn":    {judged([]verdict.Finding{{Severity: verdict.Warn}}), "warn", "medium"},
		"info":    {judged([]verdict.Finding{{Severity: verdict.Info}}), "warn", "info"},
		"unseen":  {judged(nil, verdict.Problem{Reason: "Forbidden"}), "error", "medium"},
		"nothing": {judged(nil), "pass", "info"},
	} {
		t.Run(name, func(t *testing.T) {
			results, summary := content(t, policyreport.New(tc.v, "u"))
			if len(results) != 1 || results[0]["result"] != tc.result || results[0]["severity"] != tc.severity || summary[tc.result] != int64(1) {
				t.Errorf("%v %v", results, summary)
			}
		})
	}
}

// It belongs to what it is about, and is found again by its label.
func TestBelongs(t *testing.T) {
	u := policyreport.New(judged(nil), "uid-1")
	if o := u.GetOwnerReferences(); len(o) != 1 || o[0].UID != "uid-1" || o[0].Kind != "Secret" || o[0].Name != "trust" || o[0].APIVersion != "v1" {
		t.Errorf("owned by %+v", o)
	}
	if u.GetLabels()[policyreport.ManagedBy] != policyreport.Manager || u.GetNamespace() != "plant" {
		t.Errorf("%v", u.Object["metadata"])
	}
}

// What differs from one look to the next is not in it: the vault's words and the time.
func TestSameVerdictSameReport(t *testing.T) {
	one := judged([]verdict.Finding{{Code: "X-01", Severity: verdict.Deny, Message: "ended"}}, verdict.Problem{Reason: "Throttled", Message: "try in 3 s"})
	two := judged([]verdict.Finding{{Code: "X-01", Severity: verdict.Deny, Message: "ended"}}, verdict.Problem{Reason: "Throttled", Message: "try in 9 s"})
	two.VaultSeen, two.NextChange = two.VaultSeen.Add(9), two.NextChange.Add(9)
	if diff := cmp.Diff(policyreport.New(one, "u").Object, policyreport.New(two, "u").Object); diff != "" {
		t.Error(diff)
	}
}

// A report has an end, and counts what is beyond.
func TestLimits(t *testing.T) {
	var many []verdict.Finding
	for i := range 1000 {
		many = append(many, verdict.Finding{Code: "X-01", Severity: verdict.Deny, Field: fmt.Sprintf("data[%d.der]", i),
			Message: strings.Repeat("ü", 5000), Remedy: strings.Repeat("x", 5000)})
	}
	u := policyreport.New(judged(many), "u")
	results, summary := content(t, u)
	if len(results) != 100 || summary["fail"] != int64(1000) || !strings.Contains(fmt.Sprint(results[99]["message"]), "901 more") {
		t.Errorf("%d results, %v, the last is %v", len(results), summary, results[99])
	}
	message := fmt.Sprint(results[0]["message"])
	if len(message) > 500 || !utf8.ValidString(message) {
		t.Errorf("a message has %d bytes: %q", len(message), message)
	}
	raw, err := json.Marshal(u)
	if err != nil || len(raw) > 200<<10 {
		t.Errorf("%d bytes, %v", len(raw), err)
	}
}

// Every name that an object may have makes one that a report may have, and another one
// for each.
func TestName(t *testing.T) {
	seen := map[string]bool{}
	for _, kind := range []string{"Secret", "SecretSync", "SecretProviderClass", "ConnectorStore"} {
		for _, name := range []string{"a", strings.Repeat("a", 253), strings.Repeat("a", 252) + "b", strings.Repeat("a.", 126) + "a"} {
			n := policyreport.Name(verdict.Object{Kind: kind, Name: name})
			if bad := validation.IsDNS1123Subdomain(n); len(bad) > 0 || seen[n] {
				t.Errorf("%s: %v, or it is not the only one", n, bad)
			}
			seen[n] = true
		}
	}
}
