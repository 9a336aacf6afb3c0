package main

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/storewarden/storewarden/sync/controller"
)

// A store that holds nothing any more that ends has no next end.
func TestNoExpiryWithoutEntries(t *testing.T) {
	m, err := newSyncMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	m.observe(controller.Pass{Namespace: "ns", Name: "trust", Outcome: "Synced", NextExpiry: time.Now()})
	m.observe(controller.Pass{Namespace: "ns", Name: "trust", Outcome: "Synced"})
	if n := testutil.CollectAndCount(m.expires); n != 0 {
		t.Errorf("%d ends are told of a store with none", n)
	}
}
