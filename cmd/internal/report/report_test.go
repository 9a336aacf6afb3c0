package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/storewarden/storewarden/cmd/internal/report"
	"github.com/storewarden/storewarden/policies/verdict"
)

var update = flag.Bool("update", false, "write the golden files anew")

// hostile is what a certificate's or an object's name may hold to break out of a
// format: of HTML, a link of SARIF, a workflow command, XML, a terminal.
const hostile = "<script>alert(1)</script>\"'`&]]>[x](javascript:alert(2))\n::error::%0A::stop-commands::x,y:z##vso[task.x]###[y]\r\x1b[31m\x00{{.Rules}}"

var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func options() report.Options {
	return report.Options{Version: "v0.0.0", Now: now, FailOn: verdict.Deny, Dir: "/repo/sub", Root: "/repo", Rules: []report.Rule{
		{Code: "KV-12", Title: "The vault secret belongs to a certificate resource", Description: "It holds a private key.", Symptom: "BadCertificateUntrusted.",
			Remedy: "Export it: az keyvault certificate download --name <secret>; then use that", Severity: verdict.Deny, URL: "https://example.org/rules/kv_12"},
		{Code: "X-03", Title: "The certificate ends soon", Description: "It ends.", Symptom: "It ends.", Remedy: "Renew it", Severity: verdict.Warn},
		{Code: "X-99", Title: "Never found", Description: "A rule that found nothing.", Symptom: "None.", Remedy: "Nothing", Severity: verdict.Info},
	}}
}

// in places an object in a file, an entry ten lines below.
func in(file string, line int) report.Place {
	return func(field string) (string, int) {
		if file == "" {
			return "", 0
		}
		if field == "" {
			return file, line
		}
		return file, line + 10
	}
}

// object is a SecretSync of the name.
func object(name string) verdict.Object {
	return verdict.Object{APIVersion: "secret-sync.x-k8s.io/v1alpha1", Kind: "SecretSync", Namespace: "azure-iot-operations", Name: name}
}

func finding(o verdict.Object, code string, s verdict.Severity, entry string) verdict.Finding {
	return verdict.Finding{Code: code, Severity: s, Object: o, Entry: entry, Field: "spec.secretObject.data[3]", VaultRef: "plant-kv/press",
		Message: "vault secret plant-kv/press is wrong", Remedy: "Export it: az keyvault certificate download --name press; then use that", Docs: "storewarden explain " + code}
}

// sample holds something of everything that can be in a report.
func sample() *report.Report {
	r := &report.Report{}
	trust, spoilt, live := object("trust-list"), object(hostile), object("live")
	warn := finding(trust, "X-03", verdict.Warn, "press.der")
	warn.Fingerprint, warn.Field = "0fac4deb3f73ba05614694537caf67f4a23bcbe76cf0fcafdaf79ae018e9aae5", "spec.secretObject.data[1]"
	r.Add(verdict.Verdict{Object: trust, Findings: []verdict.Finding{finding(trust, "KV-12", verdict.Deny, "new.der"), warn},
		Problems: []verdict.Problem{{Reason: "Throttled", Message: "the vault asked to wait", Object: trust, VaultRef: "plant-kv/oven"}},
		Ends: []verdict.End{
			{Kind: "certificate", Subject: "CN=press", Field: "spec.secretObject.data[1]", VaultRef: "plant-kv/press", Fingerprint: warn.Fingerprint, Time: now.AddDate(0, 0, 20)},
			{Kind: "crl", Subject: "CN=Plant CA", Field: "spec.secretObject.data[2]", Fingerprint: "aa", Time: now.Add(-time.Hour)},
		}}, in("git ops/ä.yaml", 1))
	bad := finding(spoilt, "SS-02", verdict.Info, hostile)
	bad.Message, bad.Remedy, bad.Field, bad.VaultRef = hostile, hostile, "data["+hostile+"]", hostile
	r.Add(verdict.Verdict{Object: spoilt, Findings: []verdict.Finding{bad},
		Ends: []verdict.End{{Kind: "certificate", Subject: hostile, Field: bad.Field, Fingerprint: "bb", Time: now.AddDate(5, 0, 0)}}}, in("/elsewhere/"+hostile, 1))
	r.Add(verdict.Verdict{Object: live, Findings: []verdict.Finding{finding(live, "KV-12", verdict.Deny, "new.der"), finding(live, "KV-12", verdict.Warn, "old.der")},
		Ends: []verdict.End{{Kind: "certificate", Subject: "CN=press", Field: "data[press.der]", Fingerprint: warn.Fingerprint, Time: now.AddDate(0, 0, 20)}}}, in("", 0))
	r.Add(verdict.Verdict{Object: object("clean")}, in("git ops/ä.yaml", 40))
	r.Add(verdict.Verdict{Object: object("piped")}, in("-", 7))
	r.Fail(report.Unreadable, report.Object{File: "broken.yaml", Line: 4}, errors.New("it is no YAML"))
	r.Fail(report.NotJudged, report.Object{Kind: "SecretSync", Namespace: "n", Name: "huge", File: "git ops/ä.yaml", Line: 60}, errors.New("it has 1001 entries"))
	r.Skip(report.Object{Kind: "Kustomization", Name: "k", File: "git ops/k.yaml"})
	r.Sort()
	return r
}

// known is the sample against a baseline that has one of its findings, one as
// milder than it is now, and one that is gone.
func known(t *testing.T) *report.Report {
	t.Helper()
	old := &report.Report{}
	trust, live := object("trust-list"), object("live")
	old.Add(verdict.Verdict{Object: trust, Findings: []verdict.Finding{finding(trust, "KV-12", verdict.Deny, "new.der"), finding(trust, "SS-08", verdict.Deny, "gone")}}, in("moved.yaml", 1))
	old.Add(verdict.Verdict{Object: live, Findings: []verdict.Finding{finding(live, "KV-12", verdict.Info, "old.der")}}, in("", 0))
	b, err := report.ReadBaseline(write(t, old, "json", options()))
	if err != nil {
		t.Fatal(err)
	}
	r := sample()
	r.Compare(b)
	return r
}

func write(t *testing.T, r *report.Report, format string, opt report.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.Write(&b, format, opt); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Every format is written down, so that a change of it is seen.
func TestFormats(t *testing.T) {
	for _, format := range report.Formats() {
		for name, r := range map[string]*report.Report{"sample": sample(), "known": known(t), "empty": {}} {
			t.Run(format+"/"+name, func(t *testing.T) {
				got := write(t, r, format, options())
				path := filepath.Join("testdata", "golden", name+"."+format)
				if *update {
					if err := os.WriteFile(path, got, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), string(got)); diff != "" {
					t.Errorf("-want +got, -update writes it anew:\n%s", diff)
				}
			})
		}
	}
	if err := sample().Write(&bytes.Buffer{}, "xml", options()); err == nil {
		t.Error("an unknown format was written")
	}
}

func TestJSONHasNoNullArrays(t *testing.T) {
	var got map[string]any
	if err := json.Unmarshal(write(t, &report.Report{}, "json", options()), &got); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"findings", "problems", "expiries"} {
		if list, ok := got[key].([]any); !ok || len(list) != 0 {
			t.Errorf("%s is %v, want an empty array", key, got[key])
		}
	}
}

// Neither a terminal nor a pipeline that shows the report may obey a name in it.
func TestNamesAreNotObeyed(t *testing.T) {
	for _, format := range report.Formats() {
		raw := write(t, sample(), format, options())
		if bytes.ContainsAny(raw, "\x1b\x00\r") {
			t.Errorf("%s holds control characters", format)
		}
		for _, command := range []string{"##vso[", "##[", "\n::stop-commands"} {
			if bytes.Contains(raw, []byte(command)) {
				t.Errorf("%s holds %q, which the log of a pipeline obeys", format, command)
			}
		}
	}
}

func TestWhatFails(t *testing.T) {
	for name, tc := range map[string]struct {
		r    *report.Report
		on   verdict.Severity
		want bool
	}{
		"a deny fails on deny":      {sample(), verdict.Deny, true},
		"a deny fails on warn":      {sample(), verdict.Warn, true},
		"nothing fails on never":    {sample(), "", false},
		"nothing fails on nothing":  {&report.Report{}, verdict.Info, false},
		"the others still fail":     {known(t), verdict.Deny, true},
		"what is known fails never": {allKnown(t), verdict.Info, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.r.AtLeast(tc.on); got != tc.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func allKnown(t *testing.T) *report.Report {
	t.Helper()
	b, err := report.ReadBaseline(write(t, sample(), "json", options()))
	if err != nil {
		t.Fatal(err)
	}
	r := sample()
	r.Compare(b)
	return r
}
