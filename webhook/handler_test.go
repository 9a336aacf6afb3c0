package webhook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/prometheus/client_golang/prometheus"
	admissionv1 "k8s.io/api/admission/v1"

	"github.com/storewarden/storewarden/certs/store/manifest"
	"github.com/storewarden/storewarden/policies"
	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/input"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/test/certtest"
	"github.com/storewarden/storewarden/test/scene"
	"github.com/storewarden/storewarden/webhook"
)

// refuses is a judge that finds as many faults as it is told to.
type refuses struct{ findings []verdict.Finding }

func (r refuses) Review(_ context.Context, req review.Request) (verdict.Verdict, error) {
	return verdict.Verdict{Object: verdict.Object{Kind: req.Subject.ID.Kind, Namespace: req.Subject.ID.Namespace, Name: req.Subject.ID.Name},
		Role: "opcua-trust", Entries: 40, Findings: r.findings, Texts: map[string]string{}}, nil
}

func handler(t testing.TB, j webhook.Judge, profiles ...webhook.Profile) *webhook.Handler {
	t.Helper()
	metrics, err := webhook.NewMetrics(prometheus.NewRegistry())
	must(t, err)
	peers, err := manifest.Load([]string{manifest.Stdin}, strings.NewReader(""), manifest.Options{})
	must(t, err)
	h, err := webhook.New(webhook.Options{Judge: j, Inventory: inventory, Peers: peers, Live: peers, Timeout: time.Second,
		Now: certtest.Epoch, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Metrics: metrics, Profiles: profiles})
	must(t, err)
	return h
}

const reviewOf = `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","operation":"CREATE","namespace":"azure-iot-operations","userInfo":{"username":"alice"},"object":`

const storeSecret = `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"aio-opc-ua-broker-trust-list"},"data":{"a.der":"AA=="}}`

func post(h http.Handler, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, webhook.Path+"?timeout=5s", strings.NewReader(body)))
	return w
}

func TestBodiesThatAreNoReview(t *testing.T) {
	h := handler(t, refuses{})
	for name, tc := range map[string]struct {
		body string
		want int
	}{
		"empty":           {"", http.StatusBadRequest},
		"not JSON":        {"{", http.StatusBadRequest},
		"no request":      {`{"apiVersion":"admission.k8s.io/v1"}`, http.StatusBadRequest},
		"another version": {strings.Replace(reviewOf, "/v1", "/v1beta1", 1) + storeSecret + "}}", http.StatusBadRequest},
		"too large":       {strings.Repeat(" ", 8<<20), http.StatusRequestEntityTooLarge},
		"a review":        {reviewOf + storeSecret + "}}", http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			if got := post(h, tc.body).Code; got != tc.want {
				t.Errorf("answered %d, want %d", got, tc.want)
			}
		})
	}
}

// An object that cannot be read is refused, not let through.
func TestAnObjectThatCannotBeRead(t *testing.T) {
	w := post(handler(t, refuses{}), reviewOf+strings.Replace(storeSecret, `"AA=="`, `"MARKED!"`, 1)+"}}")
	var out admissionv1.AdmissionReview
	must(t, json.Unmarshal(w.Body.Bytes(), &out))
	if out.Response.Allowed || strings.Contains(w.Body.String(), "MARKED") {
		t.Errorf("answered %s", w.Body)
	}
}

// However much is wrong, what a person gets is bounded and counted.
func TestAnswersAreBounded(t *testing.T) {
	var deny, warn []verdict.Finding
	for i := range 40 {
		f := verdict.Finding{Code: "X-01", Severity: verdict.Deny, Field: "data[" + strings.Repeat("x", i) + "]", Entry: strings.Repeat("e", i+1),
			Message: "a line\nand a \x1bcontrol character " + strings.Repeat("long ", 30), Remedy: "Renew it."}
		deny = append(deny, f)
		f.Severity = verdict.Warn
		warn = append(warn, f)
	}
	var out admissionv1.AdmissionReview
	must(t, json.Unmarshal(post(handler(t, refuses{append(deny, warn...)}), reviewOf+storeSecret+"}}").Body.Bytes(), &out))
	message := out.Response.Result.Message
	if n := strings.Count(message, "\n"); n > 11 || len(message) > 4100 {
		t.Errorf("%d lines, %d bytes", n, len(message))
	}
	if !strings.Contains(message, "more: storewarden audit --cluster -n azure-iot-operations") {
		t.Errorf("what is left is not counted: %s", message)
	}
	total := 0
	for _, w := range out.Response.Warnings {
		total += len(w)
		if strings.ContainsAny(w, "\n\x1b") || len([]rune(w)) > 250 {
			t.Errorf("a warning that vanishes or is cut: %q", w)
		}
	}
	if len(out.Response.Warnings) > 10 || total > 3200 || !strings.Contains(out.Response.Warnings[len(out.Response.Warnings)-1], "more:") {
		t.Errorf("%d warnings of %d bytes", len(out.Response.Warnings), total)
	}
	if len(out.Response.Result.Details.Causes) != 40 {
		t.Errorf("programs get %d causes of 40", len(out.Response.Result.Details.Causes))
	}
}

// What memory lacks may have been applied a moment ago: before a person's change
// is refused for it, the API server is asked.
func TestAPersonsChangeIsReadAgainLive(t *testing.T) {
	load := func(entry string) *manifest.Set {
		set, err := manifest.Load([]string{manifest.Stdin}, strings.NewReader(scene.Class("spc", scene.Entry(entry))), manifest.Options{})
		must(t, err)
		return set
	}
	e, err := engine.New(engine.Options{Config: input.DefaultConfig()}, policies.Files)
	must(t, err)
	reviewer, err := review.New(review.Options{Engine: e, Inventory: inventory})
	must(t, err)
	sync, err := json.Marshal(object(t, scene.Sync("some-secret", "spc", "      - {sourcePath: new-der, targetKey: new.der}\n")).Object)
	must(t, err)
	for name, tc := range map[string]struct {
		live    string
		allowed bool
	}{"there by now": {"new-der", true}, "still missing": {"old-der", false}} {
		t.Run(name, func(t *testing.T) {
			metrics, err := webhook.NewMetrics(prometheus.NewRegistry())
			must(t, err)
			h, err := webhook.New(webhook.Options{Judge: reviewer, Inventory: inventory, Peers: load("old-der"), Live: load(tc.live), Timeout: time.Second,
				Now: certtest.Epoch, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Metrics: metrics})
			must(t, err)
			var out admissionv1.AdmissionReview
			must(t, json.Unmarshal(post(h, reviewOf+string(sync)+"}}").Body.Bytes(), &out))
			if out.Response.Allowed != tc.allowed {
				t.Errorf("answered %+v", out.Response)
			}
		})
	}
}

// FuzzAdmissionReview: whatever the body, the answer is an HTTP error or a review
// with a response and the request's UID; a change is never allowed because its
// object could not be read; nothing panics.
func FuzzAdmissionReview(f *testing.F) {
	f.Add([]byte(reviewOf + storeSecret + "}}"))
	f.Add([]byte(strings.Replace(reviewOf+storeSecret+"}}", "CREATE", "DELETE", 1)))
	f.Add([]byte(strings.Replace(reviewOf+storeSecret+"}}", "CREATE", "UPDATE", 1)))
	f.Add([]byte(reviewOf + `{"apiVersion":"secret-sync.x-k8s.io/v1alpha1","kind":"SecretSync","spec":{"secretObject":{"data":[{}]}}}}}`))
	f.Add([]byte(reviewOf + `{"kind":7}}}`))
	f.Add([]byte(`{"apiVersion":"admission.k8s.io/v1","request":{"uid":"u","operation":"UPDATE","namespace":"azure-iot-operations","userInfo":{"username":"` + sseUser + `"},"object":` +
		storeSecret + `,"oldObject":` + strings.Replace(storeSecret, `"a.der":"AA=="`, `"b.der":"AA=="`, 1) + `}}`))
	f.Add([]byte(`{"apiVersion":"admission.k8s.io/v1","request":{"uid":"u","operation":"UPDATE","namespace":"azure-iot-operations","object":{"apiVersion":"secrets-store.csi.x-k8s.io/v1","kind":"SecretProviderClass",
		"metadata":{"name":"s","namespace":"azure-iot-operations"},"spec":{"provider":"azure","parameters":{"objects":"array:\n- |\n  objectName: a\n"}}},
		"oldObject":{"apiVersion":"secrets-store.csi.x-k8s.io/v1","kind":"SecretProviderClass","metadata":{"annotations":{"storewarden.io/fixed":"{\"a\":{\"objectType\":\"secret\"},\"b\":null}"}}}}}`))
	h := handler(f, refuses{[]verdict.Finding{{Code: "X-01", Severity: verdict.Deny, Entry: "a.der"},
		{Code: "SPC-22", Severity: verdict.Deny, Entry: "a", Fix: verdict.Fix{Field: "objectEncoding", Value: "hex"}}}}, writers...)
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, door := range []string{webhook.Path, webhook.QuarantinePath, webhook.AutofixPath} {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, door, bytes.NewReader(body)))
			if w.Code != http.StatusOK {
				continue
			}
			var in, out admissionv1.AdmissionReview
			if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || out.Response == nil || out.Response.UID == "" {
				t.Fatalf("answered %q", w.Body)
			}
			if json.Unmarshal(body, &in) == nil && in.Request != nil && in.Request.UID != out.Response.UID {
				t.Errorf("the UID is %q, not %q", out.Response.UID, in.Request.UID)
			}
			if strings.Contains(w.Body.String(), "defect of its own") {
				t.Errorf("a panic: %s", w.Body)
			}
			if _, err := jsonpatch.DecodePatch(out.Response.Patch); out.Response.Patch != nil && err != nil {
				t.Errorf("the patch is none: %v", err)
			}
		}
	})
}
