package main

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/cmd/internal/metrics"
	"github.com/storewarden/storewarden/sync/policyreport"
	"github.com/storewarden/storewarden/test/apiserver"
	"github.com/storewarden/storewarden/test/certtest"
	"github.com/storewarden/storewarden/test/keyvault"
	"github.com/storewarden/storewarden/test/scene"
)

// watched is the real webhook and the real sync loop, with what they tell.
type watched struct {
	*site
	webhook, sync seen
	rules         string // the folder of the user's own
	debug         int
}

// seen is one process.
type seen struct {
	cmd     *exec.Cmd
	log     *safeBuffer
	metrics string
	health  string
	port    int
}

func newWatched(t *testing.T) *watched {
	t.Helper()
	w := &watched{site: newSite(t), rules: t.TempDir()}
	w.rule("a rule")
	ca, dir := webhookCA(t, "ca"), t.TempDir()
	w.certify(dir, ca)
	start := func(part, more string) seen {
		p := seen{log: &safeBuffer{}, port: freePort(t)}
		health, scrape := freePort(t), freePort(t)
		p.health, p.metrics = fmt.Sprintf("http://127.0.0.1:%d", health), fmt.Sprintf("http://127.0.0.1:%d/metrics", scrape)
		base, err := os.ReadFile(w.config)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(string(base), `webhook: {health: "127.0.0.1:0", metrics: "127.0.0.1:0"}`,
			fmt.Sprintf("policies: [%q]\nwebhook: {host: 127.0.0.1, port: %d, certDir: %q, health: \"127.0.0.1:%d\", metrics: \"127.0.0.1:%d\", register: {url: \"https://127.0.0.1:%d\"}%s}",
				w.rules, p.port, dir, health, scrape, p.port, more), 1)
		own := *w.site
		own.config = filepath.Join(t.TempDir(), "config.yaml")
		if err := os.WriteFile(own.config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		p.cmd = own.startTo(p.log, "serve", part)
		w.await(part+" is ready", func() bool { return status(p.health+"/readyz") == http.StatusOK })
		return p
	}
	w.debug = freePort(t)
	w.webhook = start("--webhook", fmt.Sprintf(", debug: \"127.0.0.1:%d\"", w.debug))
	w.sync = start("--sync", "")
	return w
}

// rule puts a rule of the user's own there all at once.
func (w *watched) rule(text string, but ...string) {
	w.t.Helper()
	all := strings.NewReplacer(append(but, "opcua-trust", "device-credential")...).Replace(rule(text))
	begun := filepath.Join(w.rules, ".begun")
	if err := os.WriteFile(begun, []byte(all), 0o600); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Rename(begun, filepath.Join(w.rules, "acme_01.rego")); err != nil {
		w.t.Fatal(err)
	}
}

func status(url string) int {
	res, err := http.Get(url)
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	return res.StatusCode
}

// scrape is what a process serves now, parsed as Prometheus does.
func (p seen) scrape(t *testing.T) (families map[string]*dto.MetricFamily, text string) {
	t.Helper()
	res, err := http.Get(p.metrics)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err = parser.TextToMetricFamilies(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return families, string(raw)
}

// missing are the metrics of the parts, and of both, that are not served.
func (p seen) missing(t *testing.T, parts ...metrics.Part) (names []string) {
	t.Helper()
	families, _ := p.scrape(t)
	for _, m := range metrics.Table() {
		if families[m.Name] == nil && slices.Contains(append(parts, metrics.Both), m.Part) {
			names = append(names, m.Name)
		}
	}
	return names
}

// checkMetrics holds what is served to the table.
func (p seen) checkMetrics(t *testing.T, parts ...metrics.Part) (text string) {
	t.Helper()
	families, text := p.scrape(t)
	table := map[string]metrics.Metric{}
	for _, m := range metrics.Table() {
		table[m.Name] = m
	}
	for name, f := range families {
		m, ok := table[name]
		switch {
		case !strings.HasPrefix(name, "storewarden_"):
			continue
		case !ok || !slices.Contains(append(parts, metrics.Both), m.Part):
			t.Errorf("%s is served by %v, and is not in the table", name, parts)
			continue
		case strings.ToLower(f.GetType().String()) != string(m.Type) || f.GetHelp() != m.Help:
			t.Errorf("%s is a %s: %s", name, f.GetType(), f.GetHelp())
		}
		for _, one := range f.GetMetric() {
			var labels []string
			for _, l := range one.GetLabel() {
				labels = append(labels, l.GetName())
				if strings.Contains(l.GetValue(), "ana") || strings.Contains(l.GetValue(), "system:serviceaccount:plant") {
					t.Errorf("%s names a user: %s", name, l.GetValue())
				}
			}
			if slices.Sort(labels); !slices.Equal(labels, m.Labels) {
				t.Errorf("%s has the labels %v, not %v", name, labels, m.Labels)
			}
		}
	}
	return text
}

// traffic has people, sync controllers and nobody in particular write good and bad. The
// private key is a mistake of somebody's: nothing may tell it.
func (w *watched) traffic(key []byte) {
	w.t.Helper()
	good := w.trustList(certtest.Options{})
	bad := w.trustList(certtest.Options{NotBefore: time.Now().AddDate(-2, 0, 0), NotAfter: time.Now().AddDate(-1, 0, 0)})
	ana := w.person("ana")
	w.await("a bad list is refused", func() bool { return apierrors.IsForbidden(ana.Create(w.t.Context(), bad.DeepCopy())) })
	leak := bad.DeepCopy()
	leak.Data = map[string][]byte{"key.pem": key}
	if err := ana.Create(w.t.Context(), leak); !apierrors.IsForbidden(err) {
		w.t.Errorf("a private key in a trust list: %v", err)
	}
	if err := ana.Create(w.t.Context(), good.DeepCopy()); err != nil {
		w.t.Fatal(err)
	}
	for _, user := range []string{"system:serviceaccount:kube-system:secrets-store-sync-controller", "system:serviceaccount:plant:robot"} {
		both := good.DeepCopy()
		both.Data["old.der"] = bad.Data["m.der"]
		if err := w.person(user).Update(w.t.Context(), both); err != nil {
			w.t.Errorf("%s: %v", user, err)
		}
	}
	loopback := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // whose certificate it is, is not asked here
	res, err := loopback.Post(fmt.Sprintf("https://127.0.0.1:%d/validate", w.webhook.port), "application/json", strings.NewReader("{}"))
	if err != nil || res.StatusCode != http.StatusBadRequest {
		w.t.Errorf("what is no AdmissionReview: %v %v", res, err)
	}
	_ = res.Body.Close()
	res, err = loopback.Get(fmt.Sprintf("https://127.0.0.1:%d/debug/verdict?kind=Secret&namespace=azure-iot-operations&name=%s", w.debug, trustList))
	if err != nil || res.StatusCode != http.StatusUnauthorized {
		w.t.Errorf("an explanation without a token: %v %v", res, err)
	}
	_ = res.Body.Close()
	w.create("apiVersion: storewarden.io/v1alpha1\nkind: ConnectorStore\nmetadata: {name: issuers, namespace: azure-iot-operations}\nspec: {role: opcua-issuer, secretName: aio-opc-ua-broker-issuer-list" +
		", vault: {secretProviderClassName: spc}, sources: [{name: ca, vaultSecret: {name: ca-der}}, {name: crl, vaultSecret: {name: ca-crl}}]}")
}

// vaultOf fills the vault, and tells what must never be told.
func (w *watched) vaultOf() (secrets []string) {
	w.t.Helper()
	ca := certtest.Must(certtest.NewCA(certtest.Options{CommonName: "Plant CA", Key: certtest.RSA2048, Now: time.Now()}))(w.t)
	crl := certtest.Must(ca.CRL(certtest.CRLOptions{Now: time.Now()}))(w.t)
	old := certtest.Must(certtest.SelfSigned(certtest.Options{CommonName: "old", Key: certtest.RSA2048, Now: time.Now(), NotBefore: time.Now().AddDate(-2, 0, 0), NotAfter: time.Now().AddDate(0, 0, -1)}))(w.t)
	w.put("ca-der", ca)
	w.put("old-der", old)
	w.kv.Vault(scene.Vault).Set("ca-crl", keyvault.Secret{Value: crl.Hex(), ContentType: "application/pkix-crl", Tags: map[string]string{"file-encoding": "hex"}})
	for _, der := range [][]byte{ca.DER, old.DER, crl.DER} {
		secrets = append(secrets, forms(der)...)
	}
	return secrets
}

// forms are the ways in which bytes may be told.
func forms(raw []byte) []string {
	part := raw[len(raw)/2:][:30]
	return []string{hex.EncodeToString(part), base64.StdEncoding.EncodeToString(part), fmt.Sprint(part)}
}

// The real processes, after some traffic, serve the metrics of the table with their
// types, labels and words, and none beside; they log in the vocabulary; a report stands
// in the cluster; and nothing of a vault secret or a private key is in any of it.
func TestObserved(t *testing.T) {
	w := newWatched(t)
	secrets := w.vaultOf()
	key := certtest.Must(certtest.Must(certtest.NewKey(certtest.RSA2048, "leaked"))(t).PEM(certtest.PKCS8))(t)
	secrets = append(secrets, strings.Split(string(key), "\n")[3])
	secrets = append(secrets, forms(key)...)
	w.traffic(key)
	w.await("the issuer list is filled", func() bool {
		s := &corev1.Secret{}
		err := w.srv.Client.Get(t.Context(), client.ObjectKey{Namespace: apiserver.StoreNamespace, Name: "aio-opc-ua-broker-issuer-list"}, s)
		return err == nil && len(s.Data) == 2
	})
	report := &unstructured.Unstructured{}
	report.SetGroupVersionKind(policyreport.Kind)
	w.await("a report", func() bool {
		return w.srv.Client.Get(t.Context(), client.ObjectKey{Namespace: apiserver.StoreNamespace, Name: "storewarden-connectorstore-issuers"}, report) == nil
	})
	w.rule("broken", "input.store.role", "input.store.rolle")
	w.await("the broken rules are told", func() bool {
		return strings.Contains(w.webhook.log.String(), "policies are broken") && strings.Contains(w.sync.log.String(), "policies are broken")
	})
	w.kv.Vault(scene.Vault).Fail(keyvault.Throttled("1"))
	var missing []string
	t.Cleanup(func() { t.Logf("not served: %v", missing) })
	w.await("all metrics are there", func() bool {
		missing = append(w.webhook.missing(t, metrics.Webhook), w.sync.missing(t, metrics.Sync, metrics.Rounds)...)
		return len(missing) == 0
	})
	told := w.webhook.checkMetrics(t, metrics.Webhook) + w.sync.checkMetrics(t, metrics.Sync, metrics.Rounds)
	for _, want := range []string{`storewarden_store_held_entries{namespace="azure-iot-operations",store="` + trustList + `"} 1`,
		`storewarden_store_entry_expiry_timestamp_seconds{key="ca.crl",kind="crl",namespace="azure-iot-operations",store="aio-opc-ua-broker-issuer-list"}`,
		`storewarden_admission_duration_seconds_count{kind="other",result="malformed"} 1`, `storewarden_policy_last_reload_successful 0`,
		`storewarden_admission_findings_total{code="X-01",effect="deny",severity="deny"}`} {
		if !strings.Contains(told, want) {
			t.Errorf("nobody tells %s", want)
		}
	}
	for _, p := range []seen{w.webhook, w.sync} {
		for _, probe := range []string{"/healthz", "/readyz"} { // neither rules that are broken nor a vault that throttles matter
			if got := status(p.health + probe); got != http.StatusOK {
				t.Errorf("%s answers %d", probe, got)
			}
		}
		_ = p.cmd.Process.Signal(os.Interrupt)
		_ = p.cmd.Wait()
		if messages := checkLog(t, p.log.String()); !slices.Contains(messages, "starting") || !slices.Contains(messages, "stopped") {
			t.Errorf("the log is %v", messages)
		}
		told += p.log.String()
	}
	all := &unstructured.UnstructuredList{}
	all.SetGroupVersionKind(policyreport.Kind)
	if err := w.srv.Client.List(t.Context(), all); err != nil || len(all.Items) < 3 {
		t.Errorf("%d reports, %v", len(all.Items), err)
	}
	told += fmt.Sprint(all.Items)
	for _, s := range secrets {
		if strings.Contains(told, s) {
			t.Errorf("a part of a secret is told")
		}
	}
}

// Where no sync runs the webhook makes the rounds.
func TestRoundsInWebhook(t *testing.T) {
	s := newSite(t)
	base, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s.certify(dir, webhookCA(t, "ca"))
	text := strings.Replace(string(base), "webhook: {", fmt.Sprintf("rounds: {in: webhook}\nwebhook: {host: 127.0.0.1, port: %d, certDir: %q, ", freePort(t), dir), 1)
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.srv.Client.Create(t.Context(), s.trustList(certtest.Options{NotBefore: time.Now().AddDate(-2, 0, 0), NotAfter: time.Now().AddDate(-1, 0, 0)})); err != nil {
		t.Fatal(err)
	}
	s.start("serve", "--webhook")
	report := &unstructured.Unstructured{}
	report.SetGroupVersionKind(policyreport.Kind)
	s.await("a report", func() bool {
		return s.srv.Client.Get(t.Context(), client.ObjectKey{Namespace: apiserver.StoreNamespace, Name: "storewarden-secret-" + trustList}, report) == nil
	})
	if fail, _, _ := unstructured.NestedInt64(report.Object, "summary", "fail"); fail == 0 {
		t.Errorf("it reports %v", report.Object["summary"])
	}
}
