package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/sync/rounds"
)

// aRound saw one trust list with ends.
func aRound(ends ...verdict.End) rounds.Round {
	id := store.ID{APIVersion: "v1", Kind: store.KindSecret, Namespace: "plant", Name: "trust"}
	return rounds.Round{Seen: []rounds.Seen{{Object: &store.Object{ID: id, Held: []string{"x.der"}}, Verdict: verdict.Verdict{Role: "opcua-trust", Ends: ends}}}}
}

// A store with more ends than are told one by one tells those that come first, and how
// many are left; an entry tells the first end of each kind.
func TestRoundMetricsAreBounded(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	m, err := newRoundMetrics(registry)
	if err != nil {
		t.Fatal(err)
	}
	var ends []verdict.End
	for i := range 2 * maxEntries {
		ends = append(ends, verdict.End{Kind: "certificate", Entry: fmt.Sprintf("%04d.der", i), Time: time.Unix(int64(10_000-i), 0)})
	}
	ends = append(ends, verdict.End{Kind: "certificate", Entry: "0000.der", Time: time.Unix(1, 0)}, verdict.End{Kind: "crl", Entry: "0000.der", Time: time.Unix(2, 0)})
	m.observe(aRound(ends...))
	if n, err := testutil.GatherAndCount(registry, "storewarden_store_entry_expiry_timestamp_seconds"); n != maxEntries || err != nil {
		t.Errorf("%d series, %v", n, err)
	}
	expect := func(want string, names ...string) {
		t.Helper()
		if err := testutil.GatherAndCompare(registry, strings.NewReader(want), names...); err != nil {
			t.Error(err)
		}
	}
	expect(`# HELP storewarden_store_entries_unlisted Ends of a store that are not told one by one, since there are over 500.
# TYPE storewarden_store_entries_unlisted gauge
storewarden_store_entries_unlisted{namespace="plant",store="trust"} 501
`, "storewarden_store_entries_unlisted")

	m.observe(aRound(ends[len(ends)-2:]...))
	expect(`# HELP storewarden_store_entry_expiry_timestamp_seconds When the first certificate, or CRL, in an entry of a store ends.
# TYPE storewarden_store_entry_expiry_timestamp_seconds gauge
storewarden_store_entry_expiry_timestamp_seconds{key="0000.der",kind="certificate",namespace="plant",store="trust"} 1
storewarden_store_entry_expiry_timestamp_seconds{key="0000.der",kind="crl",namespace="plant",store="trust"} 2
# HELP storewarden_store_held_entries Entries of a store that the webhook holds back.
# TYPE storewarden_store_held_entries gauge
storewarden_store_held_entries{namespace="plant",store="trust"} 1
`, "storewarden_store_entry_expiry_timestamp_seconds", "storewarden_store_held_entries")

	m.observe(rounds.Round{})
	if n, err := testutil.GatherAndCount(registry, "storewarden_store_entry_expiry_timestamp_seconds"); n != 0 || err != nil {
		t.Errorf("of a store that is gone %d series stay, %v", n, err)
	}
}

// A process that gave no verdict for a minute does not live; one that failed once does.
func TestPulse(t *testing.T) {
	now := time.Unix(0, 0)
	p := newPulse(func() time.Time { return now }, func() error { return errors.New("no verdict") })
	server := httptest.NewServer(probes(p.alive, func() error { return nil }, func() []string { return nil }))
	defer server.Close()
	for _, tc := range []struct {
		after time.Duration
		want  int
	}{{0, http.StatusOK}, {beatLimit, http.StatusOK}, {beatLimit + time.Second, http.StatusInternalServerError}} {
		now = time.Unix(0, 0).Add(tc.after)
		if got := status(server.URL + "/healthz"); got != tc.want {
			t.Errorf("after %s: %d, want %d", tc.after, got, tc.want)
		}
	}
}

// What the webhook is not ready for is said, and stops nothing else.
func TestGate(t *testing.T) {
	var g gate
	yes, no := func() bool { return true }, func() bool { return false }
	check := func(name string, ready bool) {
		t.Helper()
		if err := g.ready(); (err == nil) != ready {
			t.Errorf("%s: %v", name, err)
		}
	}
	check("before the server is made", false)
	g.stopping, g.trusted = no, yes
	check("before the watches told", false)
	g.synced.Store(true)
	check("all is there", true)
	g.trusted = no
	check("not trusted", false)
	g.trusted, g.stopping = yes, yes
	check("stopping", false)
}
