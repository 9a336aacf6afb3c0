package controller_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/storewarden/storewarden/certs/store/cluster"
	"github.com/storewarden/storewarden/sync/controller"
	"github.com/storewarden/storewarden/test/certtest"
)

// line is the way to the API server. It can be cut, which ends every connection, and it
// can be slow.
type line struct {
	mu      sync.Mutex
	down    bool
	refused int // connections while it was down
	slow    time.Duration
	conns   map[net.Conn]bool
}

func (l *line) set(down bool, slow time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down, l.slow = down, slow
	if down {
		for c := range l.conns {
			_ = c.Close()
		}
		l.conns = map[net.Conn]bool{}
	}
}

// over is a client whose way to the API server can be cut.
func over(t *testing.T) (*line, client.Client) {
	t.Helper()
	l := &line{conns: map[net.Conn]bool{}}
	cfg := rest.CopyConfig(srv.Config)
	cfg.Dial = l.dial
	cl, err := client.New(cfg, client.Options{})
	must(t, err)
	return l, cl
}

func (l *line) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if l.refuses() {
		return nil, errors.New("connection refused")
	}
	c, err := new(net.Dialer).DialContext(ctx, network, address)
	if err == nil {
		l.mu.Lock()
		l.conns[c] = true
		l.mu.Unlock()
	}
	return c, err
}

func (l *line) refuses() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		l.refused++
	}
	return l.down
}

func (l *line) tries() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refused
}

type slowly struct {
	http.RoundTripper
	l *line
}

func (s slowly) RoundTrip(r *http.Request) (*http.Response, error) {
	s.l.mu.Lock()
	pause := s.l.slow
	s.l.mu.Unlock()
	select {
	case <-time.After(pause):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	return s.RoundTripper.RoundTrip(r)
}

// rotating starts the loop over a trust list of one machine, and awaits its first fill.
// rotate puts the machine's next certificate into the vault, holds tells whether the list
// holds it.
func rotating(t *testing.T, p *plant, cfg *rest.Config, certificates int) (holds func(int) func() bool, rotate func(int)) {
	t.Helper()
	watch, err := metadata.NewForConfig(cfg)
	must(t, err)
	var ders [][]byte
	for i := range certificates {
		ders = append(ders, leaf(t, "press", certtest.Options{KeyName: fmt.Sprint(i)}).DER)
	}
	p.put("press-der", ders[0])
	p.declare("trust", "opcua-trust", trust, "{name: press, vaultSecret: {name: press-der}}")
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- p.sync.Run(ctx, controller.RunOptions{Watch: watch, Namespaces: []string{p.ns}}) }()
	t.Cleanup(func() { cancel(); must(t, <-ended) })
	holds = func(i int) func() bool {
		return func() bool { s := p.secret(trust); return s != nil && string(s.Data["press.der"]) == string(ders[i]) }
	}
	await(t, "the first fill", holds(0))
	return holds, func(i int) {
		p.put("press-der", ders[i])
		p.now.Add(300)
		p.cycle(t.Context())
		p.sync.Kick()
	}
}

// The API server goes away and comes back, and answers slowly, while the vault rotates:
// the list holds a good certificate all the time, and what was declared comes about.
func TestAPIServerAwayAndSlow(t *testing.T) {
	l := &line{conns: map[net.Conn]bool{}}
	cfg := rest.CopyConfig(srv.Config)
	cfg.Dial = l.dial
	cfg.Wrap(func(rt http.RoundTripper) http.RoundTripper { return slowly{rt, l} })
	cl, err := client.New(cfg, client.Options{})
	must(t, err)
	p := newPlant(t)
	p.opt.Client, p.opt.Peers = cl, cluster.NewLive(cl)
	p.restart()
	holds, rotate := rotating(t, p, cfg, 4)
	l.set(true, 0)
	rotate(1)
	before := l.tries()
	await(t, "some passes that fail", func() bool { return l.tries() > before+5 })
	if !holds(0)() {
		t.Error("while the API server was away the list lost its certificate")
	}
	l.set(false, 0)
	await(t, "the rotation, after it is back", holds(1))
	l.set(false, 300*time.Millisecond)
	rotate(2)
	await(t, "the rotation, slowly", holds(2))
	l.set(true, 0)
	l.set(false, 0) // all connections end, watches too
	rotate(3)
	await(t, "the rotation, over new connections", holds(3))
	must(t, srv.Client.Delete(t.Context(), p.secret(trust)))
	await(t, "a deletion, seen by a new watch", holds(3))
}

// A pass that cannot read which vault secrets it looks at does not forget them: the
// refresh that comes meanwhile sees the rotation, and the next pass has it.
func TestABlindPassForgetsNothing(t *testing.T) {
	sources := map[string]string{
		"vaultSecret": "{name: press, vaultSecret: {name: press-der}}",
		"secretSync":  "{name: press, secretSync: {name: sync}}",
	}
	for kind, source := range sources {
		t.Run(kind, func(t *testing.T) {
			l, cl := over(t)
			p := newPlant(t)
			p.opt.Peers = cluster.NewLive(cl)
			p.restart()
			p.secretSync("sync", entry("press-der"), "{sourcePath: press-der, targetKey: press.der}")
			next := leaf(t, "press", certtest.Options{KeyName: "next"}).DER
			p.put("press-der", leaf(t, "press", certtest.Options{}).DER)
			p.declare("trust", "opcua-trust", trust, source)
			p.pass("trust")
			l.set(true, 0)
			p.pass("trust")
			p.put("press-der", next)
			p.now.Add(300)
			p.cycle(t.Context())
			l.set(false, 0)
			p.pass("trust")
			if got := p.secret(trust).Data["press.der"]; string(got) != string(next) {
				t.Error("the list does not hold the certificate that the refresh saw")
			}
		})
	}
}

// The real API server and etcd are stopped and started again, and etcd stands still for a
// while, as on a disk that is overloaded.
func TestAPIServerRestartedAndEtcdSlow(t *testing.T) {
	p := newPlant(t)
	holds, rotate := rotating(t, p, srv.Config, 3)
	must(t, srv.Restart(func() { rotate(1) }))
	await(t, "the rotation, after the restart", holds(1))
	must(t, srv.Client.Delete(t.Context(), p.secret(trust)))
	await(t, "a deletion, seen by a new watch", holds(1))

	resume, err := srv.PauseEtcd()
	must(t, err)
	rotate(2)
	stuck, stop := context.WithTimeout(t.Context(), 3*time.Second) // while etcd stands still
	if err := srv.Client.Create(stuck, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: p.ns, Name: "late"}}); err == nil {
		t.Error("etcd does not stand still")
	}
	stop()
	must(t, resume())
	await(t, "the rotation, once etcd goes on", holds(2))
	if n := len(p.secret(trust).Data); n != 1 {
		t.Errorf("the list holds %d keys", n)
	}
}

// A Secret that would be too large is told as that, and what it holds stays.
func TestTooLarge(t *testing.T) {
	p := newPlant(t)
	p.create("apiVersion: v1\nkind: Secret\nmetadata: {name: " + trust + "}\nstringData: {notes: \"" + strings.Repeat("x", 1<<20-100) + "\"}")
	p.put("press-der", leaf(t, "press", certtest.Options{}).DER)
	p.declare("trust", "opcua-trust", trust, "{name: press, vaultSecret: {name: press-der}}")
	p.pass("trust")
	if c := p.condition("trust", "Ready"); c.Reason != "TooLarge" {
		t.Errorf("Ready is %s: %s", c.Reason, c.Message)
	}
	if s := p.secret(trust); len(s.Data) != 1 {
		t.Errorf("it holds %d keys", len(s.Data))
	}
}

// What the API server refuses is told in the condition, and nothing is forced: a policy
// of somebody else, and a Secret that would be too large.
func TestWritesThatAreRefused(t *testing.T) {
	p := newPlant(t)
	p.create("apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: none}\nspec: {hard: {secrets: \"0\"}}")
	p.put("press-der", leaf(t, "press", certtest.Options{}).DER)
	p.declare("trust", "opcua-trust", trust, "{name: press, vaultSecret: {name: press-der}}")
	await(t, "the refusal", func() bool { // a quota is in force once its status says what is used
		u := &unstructured.Unstructured{}
		u.SetAPIVersion("v1")
		u.SetKind("ResourceQuota")
		must(t, srv.Client.Get(t.Context(), p.key("none"), u))
		u.Object["status"] = map[string]any{"hard": map[string]any{"secrets": "0"}, "used": map[string]any{"secrets": "0"}}
		_ = srv.Client.Status().Update(t.Context(), u) // no controller runs that would
		_, _ = p.sync.Sync(t.Context(), p.key("trust"))
		return p.condition("trust", "Ready").Reason == "Forbidden"
	})
	if m := p.condition("trust", "Ready").Message; !strings.Contains(m, "quota") {
		t.Error(m)
	}
}
