// Package policyreport writes a verdict down as a PolicyReport of wgpolicyk8s.io, which
// dashboards of many tools show. It makes the object and nothing else: equal verdicts
// make equal objects, without a time in them, and what is in a report may be seen by
// everybody who may list reports, since a finding never holds a value.
package policyreport

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/storewarden/storewarden/policies/verdict"
)

// Kind is what a report is, Resource where the API serves it.
var (
	Kind     = schema.GroupVersionKind{Group: "wgpolicyk8s.io", Version: "v1alpha2", Kind: "PolicyReport"}
	Resource = schema.GroupVersionResource{Group: "wgpolicyk8s.io", Version: "v1alpha2", Resource: "policyreports"}
)

// The label that tells our reports from those of others.
const (
	ManagedBy = "app.kubernetes.io/managed-by"
	Manager   = "storewarden"
)

// Limits of a report. With the longest texts it has 200 KiB, an eighth of what the API
// server stores in one object.
const (
	maxResults = 100
	maxText    = 500 // bytes of a message, and of a remedy
)

// The results of the format that are used.
const (
	pass    = "pass"
	fail    = "fail"
	warn    = "warn"
	unseen  = "error" // could not be judged
	leftOut = "skip"
)

// Name is the name of an object's report. Where kind and name make one that is too
// long, its end is a digest.
func Name(of verdict.Object) string {
	const longest = 253
	name := Manager + "-" + strings.ToLower(of.Kind) + "-" + of.Name
	if len(name) <= longest {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	end := "-" + hex.EncodeToString(sum[:8])
	return strings.TrimRight(name[:longest-len(end)], "-.") + end
}

// New is the report of a verdict on the object with a uid, which owns the report: the
// garbage collector takes it along.
func New(v verdict.Verdict, uid string) *unstructured.Unstructured {
	of := v.Object
	results, summary := results(v)
	u := &unstructured.Unstructured{Object: map[string]any{
		"metadata": map[string]any{
			"namespace": of.Namespace,
			"name":      Name(of),
			"labels":    map[string]any{ManagedBy: Manager},
			"ownerReferences": []any{map[string]any{
				"apiVersion": of.APIVersion, "kind": of.Kind, "name": of.Name, "uid": uid,
			}},
		},
		"scope": map[string]any{
			"apiVersion": of.APIVersion, "kind": of.Kind, "namespace": of.Namespace, "name": of.Name, "uid": uid,
		},
		"summary": summary,
		"results": results,
	}}
	u.SetGroupVersionKind(Kind)
	return u
}

// results are the findings, most severe first as they are sorted, then what could not be
// seen; the summary counts those too that are over the limit.
func results(v verdict.Verdict) (list []any, summary map[string]any) {
	counts := map[string]int64{}
	add := func(result string, r map[string]any) {
		counts[result]++
		if len(list) < maxResults {
			r["source"], r["result"], r["scored"] = Manager, result, true
			list = append(list, r)
		}
	}
	for _, f := range v.Findings {
		result, severity := grade(f.Severity)
		add(result, map[string]any{"policy": f.Code, "rule": f.Code, "category": "Connector stores", "severity": severity,
			"message": cut(f.Message), "properties": properties(f)})
	}
	for _, p := range v.Problems {
		// Its message is the vault's, and may be another one each time.
		add(unseen, map[string]any{"policy": "unseen", "rule": p.Reason, "category": "Connector stores", "severity": "medium",
			"message": cut(strings.TrimSpace(p.Reason + " " + p.VaultRef))})
	}
	total := len(v.Findings) + len(v.Problems)
	switch {
	case total == 0:
		add(pass, map[string]any{"policy": Manager, "category": "Connector stores", "severity": "info",
			"message": fmt.Sprintf("nothing to find in %d entries", v.Entries)})
	case total > maxResults:
		list[maxResults-1] = map[string]any{"source": Manager, "policy": Manager, "result": leftOut, "scored": false,
			"message": fmt.Sprintf("and %d more: storewarden audit --cluster shows all", total-maxResults+1)}
	}
	summary = map[string]any{}
	for _, result := range []string{pass, fail, warn, unseen, leftOut} {
		summary[result] = counts[result]
	}
	return list, summary
}

// grade is a severity in the format's words. An info is a warning of the lowest
// severity: to call it passed would hide it.
func grade(s verdict.Severity) (result, severity string) {
	switch s {
	case verdict.Deny:
		return fail, "high"
	case verdict.Warn:
		return warn, "medium"
	}
	return warn, "info"
}

// properties are the rest of a finding, as far as there is any.
func properties(f verdict.Finding) map[string]any {
	out := map[string]any{}
	for name, value := range map[string]string{"field": f.Field, "entry": f.Entry, "remedy": f.Remedy, "vaultRef": f.VaultRef,
		"fingerprint": f.Fingerprint, "docs": f.Docs} {
		if value != "" {
			out[name] = cut(value)
		}
	}
	return out
}

// cut shortens a text, between two characters.
func cut(text string) string {
	text = strings.ToValidUTF8(text, "�")
	if len(text) <= maxText {
		return text
	}
	end := maxText - len("…")
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}
