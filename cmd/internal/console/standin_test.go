package console

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/sync/hand"
)

// at is when the tests are.
var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// standIn tells what a test has it tell. The pages are tried on the real thing by
// test/browser; here they are given what no API server and no vault would let through.
type standIn struct {
	stores     []hand.Store
	candidates []hand.Candidate
	plan       func() (*hand.Plan, error)
	apply      func(ctx context.Context, p *hand.Plan, told func(hand.Progress)) error
	added      []hand.AddRequest
	removed    []hand.RemoveRequest
	reads      int
}

func (s *standIn) Stores(context.Context) ([]hand.Store, error) {
	s.reads++
	return s.stores, nil
}

func (s *standIn) Candidates(context.Context, string, string) ([]hand.Candidate, error) {
	return s.candidates, nil
}

func (s *standIn) PlanAdd(_ context.Context, r hand.AddRequest) (*hand.Plan, error) {
	s.added = append(s.added, r)
	return s.plan()
}

func (s *standIn) PlanRemove(_ context.Context, r hand.RemoveRequest) (*hand.Plan, error) {
	s.removed = append(s.removed, r)
	return s.plan()
}

func (s *standIn) Apply(ctx context.Context, p *hand.Plan, told func(hand.Progress)) error {
	if s.apply == nil {
		return errors.New("nothing is applied in this test")
	}
	return s.apply(ctx, p, told)
}

// evil is a name that a certificate or a secret may have.
const evil = `"><script>alert(1)</script><img src=x onerror=alert(2)>'` + "\u202egnp.exe"

// plant is a stand-in with one store, all of whose names are s.
func plant(s string) *standIn {
	cert := hand.Certificate{Subject: "CN=" + s, Issuer: "CN=" + s, CommonName: s, Serial: "01", Thumbprint: strings.Repeat("AB", 20), SHA256: strings.Repeat("cd", 32),
		NotBefore: now, NotAfter: now.AddDate(1, 0, 0), KeyAlgorithm: "RSA", SignatureAlgorithm: s, KeyUsage: []string{s}, ExtKeyUsage: []string{s},
		URIs: []string{s}, DNSNames: []string{s}, IPAddresses: []string{s}}
	card := hand.Card{Kind: certs.KindCertificate, Format: certs.FormatDER, Size: 3, Certificates: []hand.Certificate{cert},
		CRLs: []hand.CRL{{Issuer: s, Number: "1", ThisUpdate: now, SHA256: "ab"}}, Keys: []hand.Key{{Private: true, Algorithm: "RSA"}}, Oddities: []string{s}}
	f := verdict.Finding{Code: "X-01", Severity: verdict.Deny, Message: s, Remedy: "Do this: az keyvault secret set --name " + s, Field: s, VaultRef: s,
		Object: verdict.Object{Kind: "Secret", Namespace: s, Name: s}}
	e := hand.Entry{Key: s, Card: card, Origin: hand.Origin{By: hand.BySync, VaultRef: s, Source: s, Managers: []string{s}}, State: hand.Refused, Ends: now.AddDate(0, 0, 3),
		Chain:    hand.Chain{Above: []hand.Place{{Store: s, Key: s, Subject: "CN=" + s}}, Missing: "CN=" + s, CRLs: []hand.Place{{Store: s, Key: s, Subject: "CN=" + s}}, NoCRL: []string{"CN=" + s}},
		Findings: []verdict.Finding{f}}
	st := hand.Store{Namespace: "ns", Name: s, Role: store.RoleTrust, SecretSync: s, ProviderClass: s, Vault: s, ConnectorStore: s, Projected: true,
		Users: []hand.User{{Kind: "Device", Name: s, Field: s, Key: s}}, Entries: []hand.Entry{e}, Findings: []verdict.Finding{f},
		Problems: []verdict.Problem{{Reason: "NotFound", Message: s, VaultRef: s}}}
	notice := hand.Notice{Code: "X-01", About: s, Text: s, Remedy: s}
	return &standIn{stores: []hand.Store{st}, candidates: []hand.Candidate{{Secret: s, Key: s, Card: card, Why: []hand.Notice{notice}}},
		plan: func() (*hand.Plan, error) {
			return &hand.Plan{Title: s, Store: st, Items: []hand.Planned{{Name: s, Key: s, Secret: s, Card: card, Findings: []verdict.Finding{f}}},
				Steps:    []hand.Step{{Kind: hand.PurgeSecret, Object: s, What: s, Why: s, Changes: []string{"+ " + s}, Irreversible: true}},
				Warnings: []hand.Notice{notice}, Rights: []hand.Right{{Where: s, Action: s, Allowed: hand.No, Remedy: s}}}, nil
		}}
}

// client is a browser, as far as requests go.
type client struct {
	t       *testing.T
	handler http.Handler
	host    string
	cookie  string
	form    string
}

const port = 8321

// newConsole makes a console and a client that has no session yet.
func newConsole(t *testing.T, s Stores) (*Console, *client) {
	t.Helper()
	c, err := New(Options{Stores: s, Cluster: "here", Soon: 30 * 24 * time.Hour, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return c, &client{t: t, handler: c.Handler(t.Context(), port), host: "127.0.0.1:8321"}
}

// enter opens a link of the console.
func enter(t *testing.T, c *Console, handler http.Handler) *client {
	t.Helper()
	in := &client{t: t, handler: handler, host: "127.0.0.1:8321"}
	link := c.Link("")
	res := in.do(http.MethodGet, link, nil, nil)
	if res.Code != http.StatusOK || len(res.Result().Cookies()) != 1 {
		t.Fatalf("the link was answered with %d and %v", res.Code, res.Result().Cookies())
	}
	cookie := res.Result().Cookies()[0]
	in.cookie = cookie.Name + "=" + cookie.Value
	word := regexp.MustCompile(`name="form" value="([^"]+)"`).FindStringSubmatch(in.do(http.MethodGet, "/", nil, nil).Body.String())
	if word == nil {
		t.Fatal("the first page has no form with a word")
	}
	in.form = word[1]
	return in
}

// do makes a request as the browser would for a page of the console itself.
func (c *client) do(method, target string, form url.Values, header http.Header) *httptest.ResponseRecorder {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequestWithContext(c.t.Context(), method, target, body)
	r.Host = c.host
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set("Origin", "http://"+c.host)
	}
	if c.cookie != "" {
		r.Header.Set("Cookie", c.cookie)
	}
	for name, values := range header {
		r.Header[name] = values
	}
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	return w
}

// post sends a form with the session's word.
func (c *client) post(target string, form url.Values) *httptest.ResponseRecorder {
	if form == nil {
		form = url.Values{}
	}
	form.Set("form", c.form)
	return c.do(http.MethodPost, target, form, nil)
}
