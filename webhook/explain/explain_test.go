package explain_test

import (
	"encoding/json"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/certs/store/cluster"
	"github.com/storewarden/storewarden/policies"
	"github.com/storewarden/storewarden/policies/engine"
	"github.com/storewarden/storewarden/policies/input"
	"github.com/storewarden/storewarden/policies/review"
	"github.com/storewarden/storewarden/test/apiserver"
	"github.com/storewarden/storewarden/test/certtest"
	"github.com/storewarden/storewarden/webhook/explain"
)

var srv *apiserver.Server

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(apiserver.Main(m, &srv, apiserver.Options{CRDs: true}))
}

const trust = "aio-opc-ua-broker-trust-list"

// desk is where explanations are asked for: over TLS, of the real API server, with the
// tokens of real service accounts.
type desk struct {
	t      *testing.T
	ns     string
	cs     *kubernetes.Clientset
	server *httptest.Server
	plain  *httptest.Server
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, ns: srv.Namespace(t)}
	var err error
	d.cs, err = kubernetes.NewForConfig(srv.Config)
	must(t, err)
	e, err := engine.New(engine.Options{Config: input.DefaultConfig()}, policies.Files)
	must(t, err)
	inventory := store.Inventory{Namespaces: []string{d.ns}}
	judge, err := review.New(review.Options{Engine: e, Inventory: inventory})
	must(t, err)
	live := cluster.NewLive(srv.Client)
	h := explain.Handler{Client: d.cs, Judge: judge, Inventory: inventory, Live: live, Peers: live, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	d.server, d.plain = httptest.NewTLSServer(h), httptest.NewServer(h)
	t.Cleanup(d.server.Close)
	t.Cleanup(d.plain.Close)
	return d
}

// account makes a service account with rights, and gets a token for it.
func (d *desk) account(name string, debug bool, rules ...rbacv1.PolicyRule) (token string) {
	d.t.Helper()
	ctx := d.t.Context()
	must(d.t, srv.Client.Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: d.ns, Name: name}}))
	subject := []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: d.ns, Name: name}}
	meta := metav1.ObjectMeta{Namespace: d.ns, Name: name}
	must(d.t, srv.Client.Create(ctx, &rbacv1.Role{ObjectMeta: meta, Rules: rules}))
	must(d.t, srv.Client.Create(ctx, &rbacv1.RoleBinding{ObjectMeta: meta, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name}, Subjects: subject}))
	if debug {
		all := metav1.ObjectMeta{Name: d.ns + "-" + name}
		must(d.t, srv.Client.Create(ctx, &rbacv1.ClusterRole{ObjectMeta: all, Rules: []rbacv1.PolicyRule{{NonResourceURLs: []string{explain.Path}, Verbs: []string{"get"}}}}))
		must(d.t, srv.Client.Create(ctx, &rbacv1.ClusterRoleBinding{ObjectMeta: all, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: all.Name}, Subjects: subject}))
	}
	r, err := d.cs.CoreV1().ServiceAccounts(d.ns).CreateToken(ctx, name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	must(d.t, err)
	return r.Status.Token
}

func may(group, resource string, names ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{resource}, ResourceNames: names, Verbs: []string{"get"}}
}

func (d *desk) ask(server *httptest.Server, method, token, kind, name string) (code int, body string) {
	d.t.Helper()
	q := url.Values{"kind": {kind}, "namespace": {d.ns}, "name": {name}}
	req, err := http.NewRequestWithContext(d.t.Context(), method, server.URL+explain.Path+"?"+q.Encode(), nil)
	must(d.t, err)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := server.Client().Do(req)
	must(d.t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	must(d.t, err)
	return res.StatusCode, string(raw)
}

// Only who may get both the page and the object is answered; all others are told nothing,
// not even whether the object exists.
func TestWhoIsAnswered(t *testing.T) {
	d := newDesk(t)
	old := certtest.Must(certtest.SelfSigned(certtest.Options{CommonName: "press", Key: certtest.RSA2048, NotBefore: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)}))(t)
	for _, name := range []string{trust, "private"} {
		must(t, srv.Client.Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: d.ns, Name: name,
			Annotations: map[string]string{store.HeldAnnotation: `{"b.der":{"by":"sse"},"a.der":{}}`}}, Data: map[string][]byte{"old.der": old.DER}}))
	}
	both := d.account("both", true, may("", "secrets"), may("iotoperations.azure.com", "connectortemplates"))
	page := d.account("page", true, may("", "secrets", "private"))
	object := d.account("object", false, may("", "secrets"))
	for name, tc := range map[string]struct {
		token, kind, name string
		method            string
		plain             bool
		code              int
	}{
		"who may":                       {token: both, kind: "Secret", name: trust, code: 200},
		"no token":                      {kind: "Secret", name: trust, code: 401},
		"a token of nobody":             {token: "eyJhbGciOiJub25lIn0.e30.", kind: "Secret", name: trust, code: 401},
		"a token that was cut":          {token: both[:len(both)-3], kind: "Secret", name: trust, code: 401},
		"the page alone":                {token: page, kind: "Secret", name: trust, code: 403},
		"the page alone, nothing there": {token: page, kind: "Secret", name: "nothing", code: 403},
		"the object alone":              {token: object, kind: "Secret", name: trust, code: 403},
		"one group of two":              {token: both, kind: "ConnectorTemplate", name: "t", code: 403},
		"nothing there":                 {token: both, kind: "Secret", name: "nothing", code: 404},
		"not guarded":                   {token: both, kind: "Secret", name: "private", code: 404},
		"another kind":                  {token: both, kind: "ConfigMap", name: "x", code: 400},
		"a name that is a path":         {token: both, kind: "Secret", name: "../" + trust, code: 400},
		"a write":                       {token: both, kind: "Secret", name: trust, method: http.MethodPost, code: 405},
		"plain HTTP":                    {token: both, kind: "Secret", name: trust, plain: true, code: 403},
	} {
		t.Run(name, func(t *testing.T) {
			server := d.server
			if tc.plain {
				server = d.plain
			}
			if tc.method == "" {
				tc.method = http.MethodGet
			}
			code, body := d.ask(server, tc.method, tc.token, tc.kind, tc.name)
			if code != tc.code || (code != 200 && strings.Contains(body, "X-01")) {
				t.Errorf("%d, want %d: %s", code, tc.code, body)
			}
		})
	}

	_, body := d.ask(d.server, http.MethodGet, both, "Secret", trust)
	var a explain.Answer
	must(t, json.Unmarshal([]byte(body), &a))
	if len(a.Findings) == 0 || a.Findings[0].Code != "X-01" || a.Role != "opcua-trust" || len(a.Held) != 2 || a.Now.IsZero() || a.Problems == nil {
		t.Errorf("the answer is %s", body)
	}
	if strings.Contains(body, "private key") || strings.Contains(body, "MII") {
		t.Errorf("the answer holds a value: %s", body)
	}
}

// Where the API server is away nobody is answered.
func TestAPIServerAway(t *testing.T) {
	cfg, err := srv.User("nobody")
	must(t, err)
	cfg.Host = "https://127.0.0.1:1"
	cs, err := kubernetes.NewForConfig(cfg)
	must(t, err)
	h := explain.Handler{Client: cs, Log: slog.New(slog.DiscardHandler)}
	server := httptest.NewTLSServer(h)
	defer server.Close()
	d := &desk{t: t, ns: "x"}
	if code, body := d.ask(server, http.MethodGet, "secret-token", "Secret", trust); code != http.StatusInternalServerError || strings.Contains(body, "secret-token") {
		t.Errorf("%d %s", code, body)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
