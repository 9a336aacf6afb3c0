package serving_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/test/apiserver"
	"github.com/storewarden/storewarden/test/certtest"
	"github.com/storewarden/storewarden/webhook"
	"github.com/storewarden/storewarden/webhook/serving"
)

var srv *apiserver.Server

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(apiserver.Main(m, &srv, apiserver.Options{}))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func await(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 20 seconds: %s", what)
		}
	}
}

func ofSelf(t *testing.T, now func() time.Time) serving.SelfSigned {
	t.Helper()
	return serving.SelfSigned{Client: srv.Client, Namespace: srv.Namespace(t), Name: "tls", DNSNames: []string{"w.ns.svc"}, Now: now}
}

func verified(t *testing.T, p serving.Pair, now time.Time) {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(p.CA)
	_, err := p.Certificate.Leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: "w.ns.svc", CurrentTime: now})
	must(t, err)
}

// Replicas that start at the same time end with one certificate; it is renewed in time,
// and what does not fit is made anew.
func TestSelfSigned(t *testing.T) {
	now := time.Now()
	s := ofSelf(t, func() time.Time { return now })
	var started sync.WaitGroup
	for range 4 {
		started.Go(func() {
			if p, err := s.Pair(t.Context()); err == nil {
				verified(t, p, now)
			} else if !strings.Contains(err.Error(), "another replica") {
				t.Error(err)
			}
		})
	}
	started.Wait()
	pair := func() serving.Pair {
		t.Helper()
		p, err := s.Pair(t.Context())
		must(t, err)
		verified(t, p, now)
		return p
	}
	first := pair()
	if first.Thumbprint() != pair().Thumbprint() {
		t.Error("a second look made another certificate")
	}
	now = now.Add(59 * 24 * time.Hour)
	if first.Thumbprint() != pair().Thumbprint() {
		t.Error("it is renewed too early")
	}
	now = now.Add(2 * 24 * time.Hour)
	second := pair()
	if second.Thumbprint() == first.Thumbprint() {
		t.Error("it is not renewed when a third of its time is left")
	}
	s.DNSNames = append(s.DNSNames, "w.ns.svc.cluster.local")
	third := pair()
	if third.Thumbprint() == second.Thumbprint() {
		t.Error("a certificate for other names is kept")
	}
	kept := &corev1.Secret{}
	key := client.ObjectKey{Namespace: s.Namespace, Name: s.Name}
	must(t, srv.Client.Get(t.Context(), key, kept))
	kept.Data["tls.key"] = []byte("MARKED")
	must(t, srv.Client.Update(t.Context(), kept))
	if pair().Thumbprint() == third.Thumbprint() {
		t.Error("a broken pair is kept")
	}
}

// What is read from a folder fits together, and no error quotes a key.
func TestDir(t *testing.T) {
	ca := certtest.Must(certtest.NewCA(certtest.Options{CommonName: "ca"}))(t)
	cert := certtest.Must(ca.Issue(certtest.Options{CommonName: "w", DNSNames: []string{"w.ns.svc"}}))(t)
	key := certtest.Must(cert.Key.PEM(certtest.PKCS8))(t)
	other := certtest.Must(certtest.Must(certtest.NewKey(certtest.RSA2048, "other"))(t).PEM(certtest.PKCS8))(t)
	for name, tc := range map[string]struct {
		files map[string][]byte
		bad   string
	}{
		"whole":       {map[string][]byte{"tls.crt": cert.PEM(), "tls.key": key, "ca.crt": ca.PEM()}, ""},
		"without CA":  {map[string][]byte{"tls.crt": cert.PEM(), "tls.key": key}, ""},
		"another key": {map[string][]byte{"tls.crt": cert.PEM(), "tls.key": other}, "do not make a pair"},
		"no key":      {map[string][]byte{"tls.crt": cert.PEM()}, "tls.key"},
		"rubbish":     {map[string][]byte{"tls.crt": cert.PEM(), "tls.key": []byte("MARKED")}, "do not make a pair"},
		"a bad CA":    {map[string][]byte{"tls.crt": cert.PEM(), "tls.key": key, "ca.crt": []byte("MARKED")}, "ca.crt holds no certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, content := range tc.files {
				must(t, os.WriteFile(filepath.Join(dir, file), content, 0o600))
			}
			_, err := serving.Dir(dir).Pair(t.Context())
			if (err == nil) != (tc.bad == "") || err != nil && (!strings.Contains(err.Error(), tc.bad) || strings.Contains(err.Error(), "MARKED")) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func registrar(t *testing.T) *serving.Registrar {
	t.Helper()
	ns := srv.Namespace(t)
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{GenerateName: "storewarden-"}}
	must(t, srv.Client.Create(t.Context(), role))
	r := &serving.Registrar{Client: srv.Client, Owner: role.Name, Now: certtest.Epoch, Of: webhook.Registration{Inventory: store.Inventory{Namespaces: []string{ns}}, Timeout: 5 * time.Second,
		Client: admissionregistrationv1.WebhookClientConfig{Service: &admissionregistrationv1.ServiceReference{Namespace: ns, Name: "w"}}}}
	t.Cleanup(func() {
		for _, o := range []client.Object{&admissionregistrationv1.ValidatingWebhookConfiguration{}, &admissionregistrationv1.MutatingWebhookConfiguration{},
			&admissionregistrationv1.ValidatingAdmissionPolicy{}, &admissionregistrationv1.ValidatingAdmissionPolicyBinding{}} {
			must(t, srv.Client.DeleteAllOf(context.Background(), o))
		}
	})
	return r
}

func registered(t *testing.T) *admissionregistrationv1.ValidatingWebhookConfiguration {
	t.Helper()
	c := &admissionregistrationv1.ValidatingWebhookConfiguration{}
	must(t, client.IgnoreNotFound(srv.Client.Get(t.Context(), client.ObjectKey{Name: webhook.Name}, c)))
	return c
}

// Nothing is registered before somebody answers; what is registered goes with its owner,
// is written once, and trusts the CAs of all replicas until they end.
func TestRegistration(t *testing.T) {
	r := registrar(t)
	ns := r.Of.Client.Service.Namespace
	ca := func(name string, o certtest.Options) serving.Pair {
		o.CommonName, o.KeyName = name, name
		return serving.Pair{CA: certtest.Must(certtest.NewCA(o))(t).PEM()}
	}
	one := ca("one", certtest.Options{NotAfter: certtest.Epoch().Add(time.Hour)})
	if err := r.Trust(t.Context(), one); !errors.Is(err, serving.ErrNoEndpoint) {
		t.Errorf("without an endpoint: %v", err)
	}
	slice := &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "w-1", Labels: map[string]string{discoveryv1.LabelServiceName: "w"}},
		AddressType: discoveryv1.AddressTypeIPv4, Endpoints: []discoveryv1.Endpoint{{Addresses: []string{"10.1.2.3"}, Conditions: discoveryv1.EndpointConditions{Ready: new(false)}}}}
	must(t, srv.Client.Create(t.Context(), slice))
	if err := r.Trust(t.Context(), one); !errors.Is(err, serving.ErrNoEndpoint) || registered(t).Name != "" {
		t.Errorf("with an endpoint that is not ready: %v", err)
	}
	slice.Endpoints[0].Conditions.Ready = new(true)
	must(t, srv.Client.Update(t.Context(), slice))
	must(t, r.Trust(t.Context(), one))
	c := registered(t)
	if len(c.OwnerReferences) != 1 || c.OwnerReferences[0].Name != r.Owner || c.OwnerReferences[0].UID == "" {
		t.Errorf("owners %v", c.OwnerReferences)
	}
	if *c.Webhooks[0].FailurePolicy != admissionregistrationv1.Fail || *c.Webhooks[2].FailurePolicy != admissionregistrationv1.Ignore {
		t.Error("people's changes must fail, and sync controllers' must not, while no webhook answers")
	}
	must(t, r.Trust(t.Context(), one))
	if again := registered(t); again.ResourceVersion != c.ResourceVersion {
		t.Error("the same registration is written again")
	}
	mutating := &admissionregistrationv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: webhook.Name}}
	must(t, srv.Client.Delete(t.Context(), mutating))
	must(t, r.Trust(t.Context(), one)) // it is taken for whole
	r.Now = func() time.Time { return certtest.Epoch().Add(time.Minute) }
	must(t, r.Trust(t.Context(), one))
	must(t, srv.Client.Get(t.Context(), client.ObjectKeyFromObject(mutating), mutating))
	changed := registered(t)
	changed.Webhooks[0].FailurePolicy = new(admissionregistrationv1.Ignore)
	must(t, srv.Client.Update(t.Context(), changed))
	must(t, r.Trust(t.Context(), one))
	if *registered(t).Webhooks[0].FailurePolicy != admissionregistrationv1.Fail {
		t.Error("a registration that somebody changed is left so")
	}
	two := ca("two", certtest.Options{})
	must(t, r.Trust(t.Context(), two))
	both := registered(t)
	for _, w := range both.Webhooks {
		if n := strings.Count(string(w.ClientConfig.CABundle), "BEGIN"); n != 2 {
			t.Errorf("%s trusts %d CAs, want 2", w.Name, n)
		}
	}
	must(t, r.Trust(t.Context(), one)) // a replica that has not seen the second yet
	if registered(t).ResourceVersion != both.ResourceVersion {
		t.Error("replicas with different CAs overwrite each other")
	}
	r.Now = func() time.Time { return certtest.Epoch().Add(2 * time.Hour) }
	must(t, r.Trust(t.Context(), two))
	if n := strings.Count(string(registered(t).Webhooks[0].ClientConfig.CABundle), "BEGIN"); n != 1 {
		t.Errorf("a CA that has ended is trusted: %d", n)
	}
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		must(t, r.Trust(t.Context(), ca(name, certtest.Options{})))
	}
	if n := strings.Count(string(registered(t).Webhooks[0].ClientConfig.CABundle), "BEGIN"); n != 4 {
		t.Errorf("%d CAs are trusted, want the last 4", n)
	}
}

// A new certificate is served only once the API server trusts it, and a source that
// fails takes nothing away.
func TestKeys(t *testing.T) {
	ca := certtest.Must(certtest.NewCA(certtest.Options{CommonName: "ca", Now: time.Now()}))(t)
	dir := t.TempDir()
	write := func(name string) {
		cert := certtest.Must(ca.Issue(certtest.Options{CommonName: name, KeyName: name, DNSNames: []string{"w"}, Now: time.Now()}))(t)
		must(t, os.WriteFile(filepath.Join(dir, "tls.crt"), cert.PEM(), 0o600))
		must(t, os.WriteFile(filepath.Join(dir, "tls.key"), certtest.Must(cert.Key.PEM(certtest.PKCS8))(t), 0o600))
	}
	write("first")
	var mu sync.Mutex
	var refuse error
	asked := 0
	k := &serving.Keys{Source: serving.Dir(dir), Log: quiet, Every: time.Millisecond, Settle: time.Nanosecond, Trust: func(context.Context, serving.Pair) error {
		mu.Lock()
		defer mu.Unlock()
		asked++
		return refuse
	}}
	tries := func() int { mu.Lock(); defer mu.Unlock(); return asked }
	set := func(err error) { mu.Lock(); defer mu.Unlock(); refuse = err }
	must(t, k.Load(t.Context()))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	s := &serving.Server{Listener: l, Keys: k, Grace: time.Second, Log: quiet, Handler: http.NotFoundHandler()}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	go func() { ended <- s.Run(ctx) }()
	go func() { ended <- k.Run(ctx) }()
	t.Cleanup(func() { stop(); must(t, <-ended); must(t, <-ended) })
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca.PEM())
	serves := func() string {
		c, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{RootCAs: pool, ServerName: "w"})
		must(t, err)
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	await(t, "it is trusted", k.Trusted)
	if got := serves(); got != "first" {
		t.Errorf("serves %s", got)
	}
	set(errors.New("the API server is away"))
	write("second")
	n := tries()
	await(t, "some more tries", func() bool { return tries() > n+5 })
	if got := serves(); got != "first" {
		t.Errorf("serves %s before it is trusted", got)
	}
	set(nil)
	await(t, "the second is served", func() bool { return serves() == "second" })
	must(t, os.WriteFile(filepath.Join(dir, "tls.key"), []byte("half written"), 0o600))
	if got := serves(); got != "second" || k.NotAfter().IsZero() {
		t.Errorf("serves %s", got)
	}
	write("third")
	await(t, "the third is served", func() bool { return serves() == "third" })
}

// A server that is told to stop answers on; in the second half each answer closes its
// connection; calls that are under way are answered to the end.
func TestStopping(t *testing.T) {
	ca := certtest.Must(certtest.NewCA(certtest.Options{CommonName: "ca", Now: time.Now()}))(t)
	cert := certtest.Must(ca.Issue(certtest.Options{CommonName: "w", DNSNames: []string{"w"}, Now: time.Now()}))(t)
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "tls.crt"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.DER}), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "tls.key"), certtest.Must(cert.Key.PEM(certtest.PKCS8))(t), 0o600))
	k := &serving.Keys{Source: serving.Dir(dir), Log: quiet}
	must(t, k.Load(t.Context()))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	slow := make(chan struct{})
	s := &serving.Server{Listener: l, Keys: k, Lame: 2 * time.Second, Grace: 10 * time.Second, Log: quiet,
		Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/slow" {
				<-slow
			}
		})}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca.PEM())
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "w"}}}
	get := func(path string) (closes bool, err error) {
		res, err := client.Get("https://" + l.Addr().String() + path)
		if err != nil {
			return false, err
		}
		return res.Close, res.Body.Close()
	}
	if closes, err := get("/"); err != nil || closes {
		t.Errorf("at first: closes %t, %v", closes, err)
	}
	answered := make(chan error, 1)
	go func() { _, err := get("/slow"); answered <- err }()
	stop()
	await(t, "it is not ready any more", s.Stopping)
	if _, err := get("/"); err != nil {
		t.Errorf("a lame duck does not answer: %v", err)
	}
	await(t, "connections are closed", func() bool { closes, err := get("/"); must(t, err); return closes })
	await(t, "nobody new is let in", func() bool { _, err := get("/"); return err != nil })
	close(slow)
	if err := <-answered; err != nil {
		t.Errorf("a call that was under way: %v", err)
	}
	must(t, <-ended)
}
