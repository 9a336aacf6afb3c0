package alerts_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
)

// scene is series, a sample a minute as promtool writes them, and for how long they are
// looked at. Time begins at 0, so that a time in a metric is a number of seconds.
type scene struct {
	series  string
	minutes int
}

const (
	entry = `{namespace="plant",store="trust",key="press.der",kind="certificate",pod="sync-0"}`
	list  = `{namespace="plant",store="issuers",key="ca.crl",kind="crl",pod="sync-0"}`
)

// scenes has for each alert what makes it fire, and what comes near and does not.
var scenes = map[string]struct{ fires, silent []scene }{
	"StorewardenWebhookDown": {
		[]scene{{"storewarden_ready{part=\"webhook\",pod=\"a\"} 0x10\nstorewarden_ready{part=\"webhook\",pod=\"b\"} 0x10", 5},
			{`storewarden_ready{part="webhook",pod="a"} 1x10 stale`, 20}},
		[]scene{{"storewarden_ready{part=\"webhook\",pod=\"a\"} 0x10\nstorewarden_ready{part=\"webhook\",pod=\"b\"} 1x10", 5},
			{`storewarden_ready{part="webhook",pod="a"} 0 1x10`, 5}, {`storewarden_ready{part="sync",pod="a"} 1x10`, 5}},
	},
	"StorewardenReplicaNotReady": {
		[]scene{{"storewarden_ready{part=\"webhook\",pod=\"a\"} 0x20\nstorewarden_ready{part=\"webhook\",pod=\"b\"} 1x20", 15}},
		[]scene{{`storewarden_ready{part="webhook",pod="a"} 0x5 1x10`, 15}},
	},
	"StorewardenAdmissionErrors": {
		[]scene{{"storewarden_admission_duration_seconds_count{kind=\"Secret\",result=\"error\"} 0+1x30\nstorewarden_admission_duration_seconds_count{kind=\"Secret\",result=\"allowed\"} 0+50x30", 20},
			{`storewarden_admission_duration_seconds_count{kind="other",result="malformed"} 0+1x30`, 20}},
		[]scene{{"storewarden_admission_duration_seconds_count{kind=\"Secret\",result=\"error\"} 0+1x30\nstorewarden_admission_duration_seconds_count{kind=\"Secret\",result=\"denied\"} 0+200x30", 20},
			{`storewarden_admission_duration_seconds_count{kind="Secret",result="denied"} 0+5x30`, 20}},
	},
	"StorewardenAdmissionSlow": {
		[]scene{{buckets("2.5"), 25}}, []scene{{buckets("0.1"), 25}},
	},
	"StorewardenServingCertificateEnds": {
		[]scene{{`storewarden_webhook_certificate_expiry_timestamp_seconds{pod="a"} 250000x30`, 20}},
		[]scene{{`storewarden_webhook_certificate_expiry_timestamp_seconds{pod="a"} 300000x30`, 20}, {`storewarden_webhook_certificate_expiry_timestamp_seconds{pod="a"} 200000x5 9000000x30`, 20}},
	},
	"StorewardenPoliciesBroken": {
		[]scene{{`storewarden_policy_last_reload_successful{pod="a"} 0x10`, 8}},
		[]scene{{`storewarden_policy_last_reload_successful{pod="a"} 1 0 0 1x10`, 8}},
	},
	"StorewardenUnclassifiedActor": {
		[]scene{{`storewarden_unclassified_actor_total{pod="a"} 0x5 1x10`, 10}},
		[]scene{{`storewarden_unclassified_actor_total{pod="a"} 7x20`, 10}},
	},
	"StorewardenCertificateExpiresSoon": {
		[]scene{{"storewarden_store_entry_expiry_timestamp_seconds" + entry + " 1000000x90", 80}},
		[]scene{{"storewarden_store_entry_expiry_timestamp_seconds" + entry + " 2000000x90", 80}, {"storewarden_store_entry_expiry_timestamp_seconds" + entry + " -60x90", 80},
			{"storewarden_store_entry_expiry_timestamp_seconds" + list + " 1000000x90", 80}},
	},
	"StorewardenCertificateExpired": {
		[]scene{{"storewarden_store_entry_expiry_timestamp_seconds" + entry + " 120x10", 5}},
		[]scene{{"storewarden_store_entry_expiry_timestamp_seconds" + entry + " 3600x10", 5}, {"storewarden_store_entry_expiry_timestamp_seconds" + list + " 120x10", 5}},
	},
	"StorewardenCRLExpiresSoon": {
		[]scene{{"storewarden_store_entry_expiry_timestamp_seconds" + list + " 200000x90", 80}},
		[]scene{{"storewarden_store_entry_expiry_timestamp_seconds" + list + " 400000x90", 80}, {"storewarden_store_entry_expiry_timestamp_seconds" + list + " 60x90", 80}},
	},
	"StorewardenCRLExpired": {
		[]scene{{"storewarden_store_entry_expiry_timestamp_seconds" + list + " 120x10", 5}},
		[]scene{{"storewarden_store_entry_expiry_timestamp_seconds" + list + " 3600x10", 5}},
	},
	"StorewardenEntriesHeld": {
		[]scene{{`storewarden_store_held_entries{namespace="plant",store="trust"} 1x30`, 20}, {`storewarden_sync_entries{namespace="plant",store="trust",state="Held"} 2x30`, 20}},
		[]scene{{`storewarden_store_held_entries{namespace="plant",store="trust"} 1x10 0x30`, 20}, {`storewarden_sync_entries{namespace="plant",store="trust",state="Synced"} 2x30`, 20}},
	},
	"StorewardenObjectsUnread": {
		[]scene{{`storewarden_objects{namespace="plant",kind="Secret",state="unread"} 1x30`, 20}},
		[]scene{{`storewarden_objects{namespace="plant",kind="Secret",state="judged"} 1x30`, 20}},
	},
	"StorewardenRoundsStopped": {
		[]scene{{`storewarden_round_last_timestamp_seconds{pod="a"} 0x160`, 150}},
		[]scene{{`storewarden_round_last_timestamp_seconds{pod="a"} 0+60x160`, 150}, {"storewarden_round_last_timestamp_seconds{pod=\"a\"} 0x160\nstorewarden_round_last_timestamp_seconds{pod=\"b\"} 0+60x160", 150}},
	},
	"StorewardenSyncLags": {
		[]scene{{`storewarden_sync_last_pass_timestamp_seconds{namespace="plant",store="trust"} 0x40`, 30}},
		[]scene{{`storewarden_sync_last_pass_timestamp_seconds{namespace="plant",store="trust"} 0+60x40`, 30}},
	},
	"StorewardenNoLeader": {
		[]scene{{"storewarden_sync_leading{pod=\"a\"} 0x10\nstorewarden_sync_leading{pod=\"b\"} 0x10", 8}, {`storewarden_sync_leading{pod="a"} 1x10 stale`, 20}},
		[]scene{{"storewarden_sync_leading{pod=\"a\"} 0x10\nstorewarden_sync_leading{pod=\"b\"} 1x10", 8}, {`storewarden_ready{part="webhook",pod="a"} 1x10`, 8}},
	},
	"StorewardenVaultUnreachable": {
		[]scene{{"storewarden_vault_calls_total{vault=\"kv\",operation=\"get\",outcome=\"Timeout\"} 0+3x40\nstorewarden_vault_calls_total{vault=\"kv\",operation=\"get\",outcome=\"ok\"} 0+1x40", 30}},
		[]scene{{"storewarden_vault_calls_total{vault=\"kv\",operation=\"get\",outcome=\"Timeout\"} 0+1x40\nstorewarden_vault_calls_total{vault=\"kv\",operation=\"get\",outcome=\"ok\"} 0+3x40", 30},
			{`storewarden_vault_calls_total{vault="kv",operation="get",outcome="NotFound"} 0+3x40`, 30}},
	},
	"StorewardenVaultThrottled": {
		[]scene{{`storewarden_vault_calls_total{vault="kv",operation="list",outcome="Throttled"} 0+1x40`, 30}, {`storewarden_vault_pause_seconds{vault="kv"} 20x40`, 30}},
		[]scene{{`storewarden_vault_pause_seconds{vault="kv"} 20x3 0x40`, 30}},
	},
	"StorewardenVaultFactsOld": {
		[]scene{{`storewarden_vault_oldest_seen_timestamp_seconds{vault="kv"} 0x50`, 40}},
		[]scene{{`storewarden_vault_oldest_seen_timestamp_seconds{vault="kv"} 0+60x50`, 40}},
	},
	"StorewardenVaultTokenFails": {
		[]scene{{`storewarden_vault_tokens_total{identity="self",outcome="failed"} 0+1x40`, 30}},
		[]scene{{`storewarden_vault_tokens_total{identity="self",outcome="ok"} 0+1x40`, 30}, {`storewarden_vault_tokens_total{identity="self",outcome="failed"} 0 1x40`, 30}},
	},
}

// buckets are admissions that all took just under so many seconds.
func buckets(seconds string) string {
	var b strings.Builder
	reached := false
	for _, le := range []string{"0.01", "0.1", "0.5", "1", "2.5", "5", "+Inf"} {
		reached = reached || le == seconds
		count := "0x40"
		if reached {
			count = "0+10x40"
		}
		b.WriteString(`storewarden_admission_duration_seconds_bucket{kind="Secret",result="allowed",le="` + le + `"} ` + count + "\n")
	}
	return b.String()
}

// Each alert fires where it should, and only there.
func TestAlertsFire(t *testing.T) {
	path, groups := ruleFile(t)
	for _, g := range groups.Groups {
		for _, r := range g.Rules {
			if s := scenes[r.Alert]; len(s.fires) == 0 || len(s.silent) == 0 {
				t.Errorf("%s is not seen to fire, or not to be silent", r.Alert)
			}
		}
	}
	for name, s := range scenes {
		t.Run(name, func(t *testing.T) {
			for _, x := range s.fires {
				if !firing(t, path, x)[name] {
					t.Errorf("it does not fire over\n%s", x.series)
				}
			}
			for _, x := range s.silent {
				if firing(t, path, x)[name] {
					t.Errorf("it fires over\n%s", x.series)
				}
			}
		})
	}
}

// firing are the alerts that fire at the end of a scene, as Prometheus itself evaluates
// them, once a minute.
func firing(t *testing.T, path string, s scene) map[string]bool {
	t.Helper()
	language := parser.NewParser(parser.Options{})
	suite, err := promqltest.NewLazyLoader("load 1m\n  "+strings.ReplaceAll(strings.TrimSpace(s.series), "\n", "\n  "),
		promqltest.LazyLoaderOpts{EnableAtModifier: true, EnableNegativeOffset: true, Parser: language})
	if err != nil {
		t.Fatal(err)
	}
	defer suite.Close()
	suite.SubqueryInterval = time.Minute
	m := rules.NewManager(&rules.ManagerOptions{QueryFunc: rules.EngineQueryFunc(suite.QueryEngine(), suite.Storage()), AppendableV2: suite.Storage(),
		Context: t.Context(), NotifyFunc: func(context.Context, string, ...*rules.Alert) {}, Logger: promslog.NewNopLogger(), Parser: language})
	groups, errs := m.LoadGroups(time.Minute, labels.EmptyLabels(), "", nil, false, path)
	if errs != nil {
		t.Fatal(errs)
	}
	for _, g := range groups {
		for _, r := range g.Rules() {
			if a, ok := r.(*rules.AlertingRule); ok {
				a.SetRestored(true)
			}
		}
	}
	fires := map[string]bool{}
	for minute := range s.minutes + 1 {
		at := time.Unix(int64(minute)*60, 0).UTC()
		suite.WithSamplesTill(at, func(err error) {
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range groups {
				g.Eval(suite.Context(), at)
				for _, r := range g.Rules() {
					a, ok := r.(*rules.AlertingRule)
					if !ok {
						continue
					}
					if a.LastError() != nil {
						t.Fatalf("%s: %v", a.Name(), a.LastError())
					}
					fires[a.Name()] = a.State() == rules.StateFiring
				}
			}
		})
	}
	return fires
}
