package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/test/apiserver"
	"github.com/storewarden/storewarden/test/certtest"
	"github.com/storewarden/storewarden/webhook"
)

// service is one address for several replicas, as a Service's is: each connection goes
// to one that is ready, and that one is not ready any more is known late.
type service struct {
	listener net.Listener
	mu       sync.Mutex
	replicas []*replica
}

// late is how long it takes until nobody calls a replica that is not ready any more.
const late = 700 * time.Millisecond

type replica struct {
	cmd       *exec.Cmd
	port      int
	health    string
	certs     string
	lastReady time.Time
	calls     int // connections that go to it now
}

func newService(t *testing.T) *service {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &service{listener: l}
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(func() { stop(); _ = l.Close() })
	go func() {
		for ctx.Err() == nil {
			s.look()
			time.Sleep(50 * time.Millisecond)
		}
	}()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.forward(c)
		}
	}()
	return s
}

func (s *service) look() {
	s.mu.Lock()
	replicas := append([]*replica{}, s.replicas...)
	s.mu.Unlock()
	for _, r := range replicas {
		res, err := http.Get(r.health)
		ready := err == nil && res.StatusCode == http.StatusOK
		if err == nil {
			_ = res.Body.Close()
		}
		s.mu.Lock()
		if ready {
			r.lastReady = time.Now()
		}
		s.mu.Unlock()
	}
}

// endpoint is a replica that is known to be ready.
func (s *service) endpoint() *replica {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ready []*replica
	for _, r := range s.replicas {
		if time.Since(r.lastReady) < late {
			ready = append(ready, r)
		}
	}
	if len(ready) == 0 {
		return nil
	}
	return ready[rand.IntN(len(ready))]
}

func (s *service) forward(c net.Conn) {
	defer c.Close()
	r := s.endpoint()
	if r == nil {
		return
	}
	to, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", r.port))
	if err != nil {
		return
	}
	defer to.Close()
	s.count(r, 1)
	defer s.count(r, -1)
	go func() { _, _ = io.Copy(to, c); _ = to.(*net.TCPConn).CloseWrite() }()
	_, _ = io.Copy(c, to)
}

func (s *service) count(r *replica, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.calls += n
}

// called reports whether the API server's connection goes to a replica.
func (s *service) called(r *replica) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return r.calls > 0
}

func (s *service) add(r *replica) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.replicas = append(s.replicas, r)
}

func (s *service) remove(r *replica) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, o := range s.replicas {
		if o == r {
			s.replicas = append(s.replicas[:i], s.replicas[i+1:]...)
			return
		}
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// replica starts the real webhook with a folder of certificates of its own, as each pod
// has, and waits until it is ready.
func (s *site) replica(to *service, ca *certtest.Cert) *replica {
	s.t.Helper()
	port, health, dir := freePort(s.t), freePort(s.t), s.t.TempDir()
	s.certify(dir, ca)
	base, err := os.ReadFile(s.config)
	if err != nil {
		s.t.Fatal(err)
	}
	text := strings.Replace(string(base), `webhook: {health: "127.0.0.1:0", metrics: "127.0.0.1:0"}`,
		fmt.Sprintf("webhook: {host: 127.0.0.1, port: %d, certDir: %s, health: \"127.0.0.1:%d\", metrics: \"0\", register: {url: \"https://%s\"}}", port, dir, health, to.listener.Addr()), 1)
	path := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	own := *s
	own.config = path
	r := &replica{cmd: own.start("serve", "--webhook"), port: port, health: fmt.Sprintf("http://127.0.0.1:%d/readyz", health), certs: dir}
	to.add(r)
	s.await("a replica is ready", func() bool {
		to.mu.Lock()
		defer to.mu.Unlock()
		return !r.lastReady.IsZero()
	})
	return r
}

// certify writes a new serving certificate, as cert-manager and a kubelet do.
func (s *site) certify(dir string, ca *certtest.Cert) {
	s.t.Helper()
	cert := certtest.Must(ca.Issue(certtest.Options{CommonName: "storewarden", IPAddresses: []string{"127.0.0.1"}, Now: time.Now()}))(s.t)
	key := certtest.Must(cert.Key.PEM(certtest.PKCS8))(s.t)
	for name, content := range map[string][]byte{"tls.crt": cert.PEM(), "tls.key": key, "ca.crt": ca.PEM()} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
}

func webhookCA(t *testing.T, name string) *certtest.Cert {
	t.Helper()
	return certtest.Must(certtest.NewCA(certtest.Options{CommonName: name, KeyName: name, Now: time.Now()}))(t)
}

// load writes good and bad trust lists by turns, a hundred a second, until it is stopped.
type load struct {
	good, bad             atomic.Int64
	failed, wrong         atomic.Int64
	worst, lastFailure    atomic.Int64
	first                 sync.Once
	message               string
	stop                  context.CancelFunc
	done                  sync.WaitGroup
	goodSecret, badSecret *corev1.Secret
	client                client.Client
}

func (s *site) person(user string, groups ...string) client.Client {
	s.t.Helper()
	cfg := rest.CopyConfig(s.srv.Config)
	cfg.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: append(groups, "system:masters", "system:authenticated")}
	cfg.WarningHandler = rest.NoWarnings{}
	c, err := client.New(cfg, client.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

func (s *site) trustList(o certtest.Options) *corev1.Secret {
	s.t.Helper()
	o.CommonName, o.Key, o.URIs, o.Now = "m", certtest.RSA2048, []string{"urn:plant:m"}, time.Now()
	cert := certtest.Must(certtest.SelfSigned(o))(s.t)
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: apiserver.StoreNamespace, Name: trustList}, Data: map[string][]byte{"m.der": cert.DER}}
}

func (s *site) load() *load {
	ctx, stop := context.WithCancel(context.Background())
	l := &load{client: s.person("ana"), stop: stop, goodSecret: s.trustList(certtest.Options{}),
		badSecret: s.trustList(ended())}
	const writers = 10
	for i := range writers {
		l.done.Go(func() {
			tick := time.NewTicker(writers * time.Second / 100)
			defer tick.Stop()
			for n := i; ctx.Err() == nil; n++ {
				l.write(n%2 == 0)
				<-tick.C
			}
		})
	}
	s.t.Cleanup(stop)
	return l
}

func (l *load) write(good bool) {
	o := l.badSecret
	if good {
		o = l.goodSecret
	}
	started := time.Now()
	err := l.client.Create(context.Background(), o.DeepCopy(), client.DryRunAll)
	for took := time.Since(started).Microseconds(); ; {
		if worst := l.worst.Load(); took <= worst || l.worst.CompareAndSwap(worst, took) {
			break
		}
	}
	switch {
	case good && err == nil:
		l.good.Add(1)
	case !good && apierrors.IsForbidden(err) && strings.Contains(err.Error(), "X-01"):
		l.bad.Add(1)
	case !good && err == nil:
		l.wrong.Add(1)
	default:
		l.failed.Add(1)
		l.lastFailure.Store(time.Now().UnixNano())
		l.first.Do(func() { l.message = fmt.Sprint(err) })
	}
}

// end stops the load, and reports it.
func (l *load) end(t *testing.T, what string) {
	t.Helper()
	l.stop()
	l.done.Wait()
	t.Logf("%s: %d admitted, %d refused, %d failed, %d wrongly admitted, worst %s", what, l.good.Load(), l.bad.Load(), l.failed.Load(), l.wrong.Load(),
		time.Duration(l.worst.Load())*time.Microsecond)
	if l.failed.Load() > 0 || l.wrong.Load() > 0 {
		t.Errorf("%s: %d failed, %d wrongly admitted: %s", what, l.failed.Load(), l.wrong.Load(), l.message)
	}
	if l.good.Load() < 50 || l.bad.Load() < 50 {
		t.Errorf("%s: there was no load", what)
	}
}

// endAfterKill stops the load. Calls that a process had when it was killed are lost, and
// so are those that are sent to it until it is known to be gone: the API server does not
// try again. No others are, and nothing gets in.
func (l *load) endAfterKill(t *testing.T, killed time.Time) {
	t.Helper()
	l.stop()
	l.done.Wait()
	last := time.Duration(0)
	if at := l.lastFailure.Load(); at > 0 {
		last = time.Unix(0, at).Sub(killed)
	}
	t.Logf("kill -9: %d admitted, %d refused, %d failed, the last %s after it, %d wrongly admitted", l.good.Load(), l.bad.Load(), l.failed.Load(), last, l.wrong.Load())
	if l.wrong.Load() > 0 || last > 2*late {
		t.Errorf("kill -9: %d wrongly admitted, the last failure %s after it: %s", l.wrong.Load(), last, l.message)
	}
}

// Two replicas behind one address, a hundred writes a second: whatever is done to them in
// order loses no call, and nothing bad gets in whatever happens.
func TestTwoReplicas(t *testing.T) {
	s := newSite(t)
	to := newService(t)
	first, second := webhookCA(t, "first CA"), webhookCA(t, "second CA")
	a, b := s.replica(to, first), s.replica(to, first)
	ana := s.person("ana")
	bad := s.trustList(ended())
	registered := func() bool { return apierrors.IsForbidden(ana.Create(t.Context(), bad.DeepCopy(), client.DryRunAll)) }
	s.await("the webhook is registered", registered)

	l := s.load()
	for range 2 { // both are replaced
		next := s.replica(to, first)
		if err := a.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := a.cmd.Wait(); err != nil {
			t.Errorf("a replica that was stopped: %v", err)
		}
		to.remove(a)
		a, b = b, next
	}
	l.end(t, "rolling restart")

	l = s.load()
	s.certify(a.certs, second) // one sees the new CA some time before the other
	s.await("the new CA is trusted beside the old one", func() bool { return strings.Count(s.trusted(), "BEGIN CERTIFICATE") == 2 })
	s.await("the first serves its new certificate", func() bool { return serves(a, second) })
	s.certify(b.certs, second)
	s.await("the second does", func() bool { return serves(b, second) })
	l.end(t, "rotation of certificate and CA")

	s.changeLeader()

	t.Run("registration taken away", func(t *testing.T) {
		if err := s.srv.Client.Delete(t.Context(), &admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: webhook.Name}}); err != nil {
			t.Fatal(err)
		}
		s.await("it comes back", func() bool { return s.trusted() != "" })
		s.await("it is in force", registered)
	})

	if !to.called(a) {
		a, b = b, a
	}
	l = s.load()
	killed := time.Now()
	if err := a.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = a.cmd.Wait()
	so := l.good.Load()
	s.await("the load has gone on for three seconds", func() bool { return l.good.Load() > so+150 })
	to.remove(a)
	l.endAfterKill(t, killed)

	if err := b.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = b.cmd.Wait()
	to.remove(b)
	s.allDown(ana, bad, to, second)
}

// changeLeader has the sync loop's leader stop, under load: the webhook notices nothing of
// it, and what the next leader writes is judged as ever.
func (s *site) changeLeader() {
	t, ctx := s.t, s.t.Context()
	t.Helper()
	press := certtest.Must(certtest.SelfSigned(certtest.Options{CommonName: "press", Key: certtest.RSA2048, Now: time.Now(), URIs: []string{"urn:plant:press"}}))(t)
	s.put("press-der", press)
	s.create("apiVersion: storewarden.io/v1alpha1\nkind: ConnectorStore\nmetadata: {name: other, namespace: azure-iot-operations}\n" +
		"spec: {role: opcua-trust, secretName: other-list, vault: {secretProviderClassName: spc}, sources: [{name: press, vaultSecret: {name: press-der}}]}")
	list := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: apiserver.StoreNamespace, Name: "other-list"}}
	filled := func() bool {
		return s.srv.Client.Get(ctx, client.ObjectKeyFromObject(list), list) == nil && string(list.Data["press.der"]) == string(press.DER)
	}
	replicas := []*exec.Cmd{s.start("serve", "--sync"), s.start("serve", "--sync")}
	s.await("the list is filled", filled)
	l := s.load()
	leader := s.leader()
	for _, r := range replicas {
		if strings.HasSuffix(leader, fmt.Sprint("-", r.Process.Pid)) {
			if err := r.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.await("the other one leads", func() bool { now := s.leader(); return now != "" && now != leader })
	if err := s.srv.Client.Delete(ctx, list); err != nil {
		t.Fatal(err)
	}
	s.await("it fills the list", filled)
	s.await("the load has gone on", func() bool { return l.good.Load() > 100 && l.bad.Load() > 100 })
	l.end(t, "leader change")
}

// trusted is the bundle that the API server was told of.
func (s *site) trusted() string {
	c := &admissionregistrationv1.ValidatingWebhookConfiguration{}
	if s.srv.Client.Get(s.t.Context(), client.ObjectKey{Name: webhook.Name}, c) != nil || len(c.Webhooks) == 0 {
		return ""
	}
	return string(c.Webhooks[0].ClientConfig.CABundle)
}

// allDown is what a cluster meets without any replica: only what is guarded is affected.
func (s *site) allDown(ana client.Client, bad *corev1.Secret, to *service, ca *certtest.Cert) {
	t, ctx := s.t, s.t.Context()
	t.Helper()
	good := s.trustList(certtest.Options{})
	if err := ana.Create(ctx, good.DeepCopy(), client.DryRunAll); !apierrors.IsInternalError(err) {
		t.Errorf("a person's guarded write without a webhook: %v", err)
	}
	unrelated := good.DeepCopy()
	unrelated.Name = "unrelated"
	if err := ana.Create(ctx, unrelated, client.DryRunAll); err != nil {
		t.Errorf("an unrelated Secret: %v", err)
	}
	if err := s.person("eva", webhook.BreakGlass).Create(ctx, bad.DeepCopy(), client.DryRunAll); err != nil {
		t.Errorf("break-glass: %v", err)
	}
	if err := s.person("system:serviceaccount:sse:secrets-store-sync-controller-sa").Create(ctx, good.DeepCopy(), client.DryRunAll); err != nil {
		t.Errorf("a sync controller's write: %v", err)
	}
	if err := s.person("system:serviceaccount:flux-system:kustomize-controller").Create(ctx, good.DeepCopy(), client.DryRunAll); !apierrors.IsInternalError(err) {
		t.Errorf("GitOps without a webhook: %v", err)
	}
	started := time.Now()
	s.replica(to, ca)
	s.await("guarded writes pass again", func() bool { return ana.Create(ctx, good.DeepCopy(), client.DryRunAll) == nil })
	if err := ana.Create(ctx, bad.DeepCopy(), client.DryRunAll); !apierrors.IsForbidden(err) {
		t.Errorf("after the recovery: %v", err)
	}
	t.Logf("all down: guarded writes pass again %s after a replica was started", time.Since(started).Round(10*time.Millisecond))
}

// serves reports whether a replica's new connections are by a CA.
func serves(r *replica, ca *certtest.Cert) bool {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca.PEM())
	c, err := tls.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", r.port), &tls.Config{RootCAs: pool})
	if err != nil {
		return false
	}
	return c.Close() == nil
}
