package webhook_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/store/cluster"
	"github.com/storewarden/storewarden/certs/vault"
	"github.com/storewarden/storewarden/certs/vault/azure"
	"github.com/storewarden/storewarden/certs/vault/warm"
	"github.com/storewarden/storewarden/policies"
	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/input"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/test/apiserver"
	"github.com/storewarden/storewarden/test/certtest"
	"github.com/storewarden/storewarden/test/keyvault"
	"github.com/storewarden/storewarden/test/scene"
	"github.com/storewarden/storewarden/webhook"
)

// srv is the one API server of this package's tests. The store names are
// reserved, so tests use them in turn and clean up.
var srv *apiserver.Server

// auditLog is the API server's.
var auditLog string

func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.fuzz"); f != nil && f.Value.String() != "" {
		os.Exit(m.Run()) // fuzzing needs no API server, least of all one for each worker
	}
	dir, err := os.MkdirTemp("", "storewarden-webhook-")
	if err != nil {
		panic(err)
	}
	auditLog = dir + "/audit.log"
	code := apiserver.Main(m, &srv, apiserver.Options{CRDs: true, AuditLog: auditLog})
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

const ns = apiserver.StoreNamespace

var inventory = store.Inventory{Namespaces: []string{ns}}

// door is a registered webhook with everything behind it real: the reviewer, the
// rules, the azsecrets client over TLS to the emulator, the API server.
type door struct {
	vault    *keyvault.Server
	log      *lockedBuffer
	calls    atomic.Int64
	notified sync.Map
	registry *prometheus.Registry
	memory   *warm.Memory
	pool     *x509.CertPool // what the vault's certificate is of
	live     *cluster.Live
	autofix  bool
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

type setup struct {
	profile    engine.Profile
	severities map[string]verdict.Severity
	profiles   []webhook.Profile
	judge      func(webhook.Judge) webhook.Judge
	// reader stands between the memory and the emulator's client.
	reader func(vault.Reader) vault.Reader
	memory warm.Options
	now    func() time.Time
	// index answers for peers from memory, as in production; tests that look at a
	// peer right after writing it read live.
	index   bool
	autofix bool
}

// defaults treats service accounts as the default configuration does.
var defaults = []webhook.Profile{
	{Class: verdict.Unlisted, Users: []string{"system:serviceaccount:*"}, Mode: verdict.ModeWarn, Stores: verdict.ModeQuarantine},
}

func open(t testing.TB, o setup) *door {
	t.Helper()
	d := &door{vault: keyvault.New(keyvault.Options{}), log: &lockedBuffer{}, registry: prometheus.NewRegistry(), autofix: o.autofix}
	t.Cleanup(d.vault.Close)
	endpoint, caPEM, err := d.vault.Start()
	must(t, err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(caPEM)
	d.pool = pool
	reader, err := azure.New(azure.Options{Endpoint: endpoint, CA: pool, Credential: keyvault.StaticToken("t")})
	must(t, err)
	e, err := engine.New(engine.Options{Config: input.DefaultConfig()}, policies.Files)
	must(t, err)
	if o.memory.ErrorFor == 0 {
		o.memory.ErrorFor = time.Nanosecond
	}
	var source vault.Reader = reader
	if o.reader != nil {
		source = o.reader(reader)
	}
	d.memory = warm.New(source, o.memory)
	reviewer, err := review.New(review.Options{Engine: e, Inventory: inventory, Vault: d.memory, Profile: o.profile,
		Severities: o.severities, ExpiryWarning: 30 * 24 * time.Hour, Allowed: func(string, string) bool { return true }})
	must(t, err)
	cl, err := client.New(srv.Config, client.Options{})
	must(t, err)
	d.live = cluster.NewLive(cl)
	metrics, err := webhook.NewMetrics(d.registry)
	must(t, err)
	if o.now == nil {
		o.now = certtest.Epoch
	}
	if o.profiles == nil {
		o.profiles = defaults
	}
	var judge webhook.Judge = reviewer
	if o.judge != nil {
		judge = o.judge(reviewer)
	}
	var peers review.Peers = d.live
	if o.index {
		peers = watched(t)
	}
	h, err := webhook.New(webhook.Options{Judge: judge, Inventory: inventory, Strict: o.profile == engine.Strict, Peers: peers, Live: d.live,
		Profiles: o.profiles, Timeout: 5 * time.Second, Now: o.now, Log: slog.New(slog.NewJSONHandler(d.log, nil)), Metrics: metrics,
		Notify: func(about verdict.Object, warn []verdict.Finding) { d.notified.Store(about.Name, fmt.Sprint(warn)) }})
	must(t, err)
	d.register(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.calls.Add(1)
		h.ServeHTTP(w, r)
	}), true)
	return d
}

func watched(t testing.TB) *cluster.Index {
	t.Helper()
	index, err := cluster.NewIndex(srv.Config, cluster.Options{Inventory: inventory})
	must(t, err)
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(stop)
	go func() { _ = index.Start(ctx) }()
	if !index.WaitForSync(ctx) {
		t.Fatal("the watches did not sync")
	}
	return index
}

// register serves a handler over TLS; one that judges is waited for until the
// API server calls it.
func (d *door) register(t testing.TB, h http.Handler, judges bool) {
	t.Helper()
	ca := certtest.Must(certtest.NewCA(certtest.Options{CommonName: "webhook CA", Now: time.Now()}))(t)
	cert := certtest.Must(ca.Issue(certtest.Options{CommonName: "storewarden", IPAddresses: []string{"127.0.0.1"}}))(t)
	key := certtest.Must(cert.Key.PEM(certtest.PKCS8))(t)
	pair, err := tls.X509KeyPair(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.DER}), key)
	must(t, err)
	server := httptest.NewUnstartedServer(h)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	reg := webhook.Registration{Inventory: inventory, Profiles: defaults, Timeout: 5 * time.Second, Autofix: d.autofix,
		Client: admissionregistrationv1.WebhookClientConfig{URL: &server.URL, CABundle: ca.PEM()}}
	v, m := reg.Validating(), reg.Mutating()
	must(t, srv.Client.Create(context.Background(), v))
	must(t, srv.Client.Create(context.Background(), m))
	t.Cleanup(func() { clean(t, m, v) })
	if !judges {
		return
	}
	await(t, "the webhook is called", func() bool {
		probe := object(t, scene.Class("probe", "        - objectName: x\n"))
		return srv.Client.Create(context.Background(), probe, client.DryRunAll) != nil
	})
	robot, _ := as(t, "system:serviceaccount:plant:unlisted")
	await(t, "entries are held back", func() bool {
		made := secret(trust, nil)
		err := robot.Create(context.Background(), made, client.DryRunAll)
		return err != nil || made.Labels[store.StoreLabel] != ""
	})
	d.calls.Store(0)
}

// clean takes the webhook away, and everything a test left.
func clean(t testing.TB, configurations ...client.Object) {
	ctx := context.Background()
	for _, c := range configurations {
		must(t, client.IgnoreNotFound(srv.Client.Delete(ctx, c)))
	}
	await(t, "the webhook is gone", func() bool {
		probe := object(t, scene.Class("probe", "        - objectName: x\n"))
		return srv.Client.Create(ctx, probe, client.DryRunAll) == nil
	})
	for _, text := range []string{scene.Class("x", ""), scene.Sync("x", "", "")} {
		u := object(t, text)
		must(t, srv.Client.DeleteAllOf(ctx, u, client.InNamespace(ns)))
	}
	must(t, srv.Client.DeleteAllOf(ctx, &corev1.Secret{}, client.InNamespace(ns)))
}

func await(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("not within 20 seconds: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// object reads one YAML document.
func object(t testing.TB, text string) *unstructured.Unstructured {
	t.Helper()
	return objects(t, text)[0]
}

func objects(t testing.TB, text string) []*unstructured.Unstructured {
	t.Helper()
	var out []*unstructured.Unstructured
	for doc := range strings.SplitSeq(text, "\n---") {
		u := &unstructured.Unstructured{}
		must(t, yaml.Unmarshal([]byte(doc), &u.Object))
		out = append(out, u)
	}
	return out
}

func secret(name string, data map[string][]byte) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: ns}, Data: data}
}
