package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/record"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/cmd/internal/config"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/test/certtest"
)

// safeBuffer is a log that is read while it is written.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// stand is the webhook's judge over a folder of a user's rules, with all that an
// operator sees of it.
type stand struct {
	*live
	dir    string
	log    safeBuffer
	http   *httptest.Server
	events *record.FakeRecorder // Events come out of a channel; nothing is claimed of an API server
}

func newStand(t *testing.T, rule string) *stand {
	t.Helper()
	s := &stand{dir: t.TempDir(), events: record.NewFakeRecorder(100)}
	s.write(t, rule)
	registry := prometheus.NewRegistry()
	n := &notifier{recorder: s.events, pod: &corev1.ObjectReference{Kind: "Pod", Name: "storewarden-0"}}
	l, err := newLive(liveOptions{Dirs: []string{s.dir}, Build: builder(config.Default(), nil, nil), Registry: registry,
		Log: slog.New(slog.NewTextHandler(&s.log, nil)), Event: n.policies, Now: certtest.Epoch, Settle: time.Millisecond, Every: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	s.live = l
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.Handle("/", probes(func() error { return nil }, func() error { return nil }, l.detail))
	s.http = httptest.NewServer(mux)
	t.Cleanup(s.http.Close)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- l.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return s
}

// write puts the rule there all at once.
func (s *stand) write(t *testing.T, rule string) {
	t.Helper()
	begun := filepath.Join(s.dir, ".begun")
	err := os.WriteFile(begun, []byte(rule), 0o600)
	if err == nil {
		err = os.Rename(begun, filepath.Join(s.dir, "acme_01.rego"))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (s *stand) get(t *testing.T, path string) string {
	t.Helper()
	resp, err := http.Get(s.http.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v", path, resp.Status, err)
	}
	return string(body)
}

// event waits for the next Event, which is raised last of all that is told.
func (s *stand) event(t *testing.T) string {
	t.Helper()
	select {
	case e := <-s.events.Events:
		return e
	case <-time.After(30 * time.Second):
		t.Fatal("no Event was raised")
		return ""
	}
}

// says is the message of the user's rule, "" if it does not fire.
func (s *stand) says(ctx context.Context) (string, error) {
	o, err := store.Parse([]byte(`{"apiVersion":"v1","kind":"Secret","metadata":{"namespace":"azure-iot-operations","name":"aio-opc-ua-broker-trust-list"}}`))
	if err != nil {
		return "", err
	}
	v, err := s.Review(ctx, review.Request{Operation: review.Create, Subject: o, Peers: nobody{}, Now: certtest.Epoch()})
	for _, f := range v.Findings {
		if f.Code == "ACME-01" {
			return f.Message, err
		}
	}
	return "", err
}

type nobody struct{}

func (nobody) Get(context.Context, string, string, string) (*store.Object, error) {
	return nil, store.ErrNotFound
}
func (nobody) List(context.Context, string, string) ([]*store.Object, error) { return nil, nil }

func rule(message string) string {
	return fmt.Sprintf(`# METADATA
# title: A title
# description: A description.
# custom:
#   subjects: [Secret]
#   severity: deny
#   message: %q
#   remedy: "Do it"
#   symptom: A symptom.
#   sources: ["a source"]
package custom.rules.acme_01

finding contains {"code": "ACME-01"} if input.store.role == "opcua-trust"
`, message)
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%q is not in:\n%s", p, text)
		}
	}
}

func TestLiveKeepsTheLastGoodAndSaysSo(t *testing.T) {
	s := newStand(t, rule("first"))
	expect := func(want string) {
		t.Helper()
		if got, err := s.says(t.Context()); got != want || err != nil {
			t.Errorf("the rule says %q, %v; want %q", got, err, want)
		}
	}
	expect("first")
	contains(t, s.get(t, "/readyz?verbose"), "ok\n", "policies: 1 file in force since 2026-06-01T12:00:00Z")
	contains(t, s.get(t, "/metrics"), `storewarden_policy_reload_total{result="failure"} 0`, "storewarden_policy_last_reload_successful 1",
		"storewarden_policy_last_good_timestamp_seconds 1.78")

	s.write(t, strings.Replace(rule("second"), "input.store.role", "input.store.rolle", 1))
	const mistake = "acme_01.rego:13: input.store has no field rolle"
	contains(t, s.event(t), "Warning PoliciesBroken the last good rules stay in force: ", mistake)
	expect("first")
	contains(t, s.get(t, "/readyz?verbose"), "ok\n", "policies: BROKEN since", "stay in force", mistake)
	if plain := s.get(t, "/readyz"); plain != "ok\n" {
		t.Errorf("/readyz without detail is %q", plain)
	}
	contains(t, s.get(t, "/metrics"), `storewarden_policy_reload_total{result="failure"} 1`, "storewarden_policy_last_reload_successful 0", "storewarden_policy_files 1")
	contains(t, s.log.String(), "level=ERROR", mistake)

	s.write(t, rule("third"))
	contains(t, s.event(t), "Normal PoliciesReloaded 1 file")
	expect("third")
	contains(t, s.get(t, "/metrics"), `storewarden_policy_reload_total{result="success"} 1`, "storewarden_policy_last_reload_successful 1")
}

// Reviews go on while the rules change, and each is of one set.
func TestLiveChangesUnderLoad(t *testing.T) {
	s := newStand(t, rule("set 0"))
	ctx, stop := context.WithCancel(t.Context())
	var load sync.WaitGroup
	for range 4 {
		load.Go(func() {
			for ctx.Err() == nil {
				if got, err := s.says(t.Context()); err != nil || !strings.HasPrefix(got, "set ") {
					t.Errorf("a review under way gave %q, %v", got, err)
					return
				}
			}
		})
	}
	for i := range 5 {
		s.write(t, rule(fmt.Sprintf("set %d", i+1)))
		s.event(t)
	}
	stop()
	load.Wait()
	if got, err := s.says(t.Context()); got != "set 5" || err != nil {
		t.Errorf("at the end it is %q, %v", got, err)
	}
}

// What the configuration says of a user's code must not come to nothing.
func TestLiveRefusesToBegin(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "acme_01.rego"), []byte("package nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := config.Default()
	c.Severities["ACME-07"] = "warn"
	for name, tc := range map[string]struct {
		dirs []string
		want string
	}{
		"broken rules":   {[]string{dir}, "acme_01.rego:1: package nonsense is not yours"},
		"no such folder": {[]string{filepath.Join(dir, "nowhere")}, "nowhere"},
		"no such rule":   {nil, `severities.ACME-07: there is no rule "ACME-07"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newLive(liveOptions{Dirs: tc.dirs, Build: builder(c, nil, nil), Registry: prometheus.NewRegistry(),
				Log: slog.New(slog.DiscardHandler), Event: func(bool, string) {}, Now: certtest.Epoch})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error that says %q", err, tc.want)
			}
		})
	}
}
