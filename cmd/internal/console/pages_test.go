package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/storewarden/storewarden/certs"
	"github.com/storewarden/storewarden/certs/store"
	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/sync/hand"
)

// entry is one of a store, with a certificate that ends in so many days.
func entry(key string, days int, state hand.State) hand.Entry {
	ends := now.AddDate(0, 0, days)
	return hand.Entry{Key: key, State: state, Ends: ends, Origin: hand.Origin{By: hand.BySync, VaultRef: "kv/" + key},
		Card: hand.Card{Kind: certs.KindCertificate, Certificates: []hand.Certificate{{Subject: "CN=" + key + ",O=Plant", Thumbprint: "AB12" + strings.Repeat("00", 18), NotAfter: ends}}}}
}

// filterStores are one store of each role.
func filterStores() []hand.Store {
	warned := entry("d", 300, hand.Good)
	warned.Findings = []verdict.Finding{{Code: "X-30", Severity: verdict.Info}}
	return []hand.Store{
		{Namespace: "ns", Name: "t", Role: store.RoleTrust, Entries: []hand.Entry{entry("a", 300, hand.Good), entry("b", 20, hand.Expiring)}},
		{Namespace: "ns", Name: "i", Role: store.RoleIssuer, Entries: []hand.Entry{entry("c", -1, hand.Expired), warned}},
		{Namespace: "ns", Name: "k", Role: store.RoleClient, Entries: []hand.Entry{entry("e", 80, hand.Good)}},
		{Namespace: "ns", Name: "o", Role: store.RoleTLSTrust, Entries: []hand.Entry{{Key: "f", State: hand.Missing}}},
	}
}

func TestFilter(t *testing.T) {
	for query, want := range map[string]string{
		"":                        "abcdef",
		"role=trust":              "ab",
		"role=issuer":             "cd",
		"role=client":             "e",
		"role=other":              "f",
		"state=expired":           "c",
		"ends=ended":              "c",
		"ends=30":                 "bc",
		"ends=90":                 "bce",
		"problems=1":              "bcdf",
		"problems=1&role=issuer":  "cd",
		"q=cn%3Da":                "a",
		"q=plant+kv/b":            "b",
		"q=x-30":                  "d",
		"q=ab:12":                 "abcde", // as some devices show thumbprints
		"q=AB12":                  "abcde",
		"q=missing":               "f",
		"q=nothing":               "",
		"q=%3Cscript%3E":          "",
		"role=nonsense&ends=soon": "abcde",
	} {
		f, got := filter{}, ""
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		f = readFilter(values)
		for _, s := range filterStores() {
			for _, e := range s.Entries {
				if f.store(s) && f.entry(s, e, now) {
					got += e.Key
				}
			}
		}
		if got != want {
			t.Errorf("%s shows %q, not %q", query, got, want)
		}
	}
}

// A person who searches asks with every letter, and the cluster is asked once.
func TestReadsOnce(t *testing.T) {
	s := &standIn{stores: filterStores()}
	at := now
	c, stranger := newConsole(t, s)
	c.seen.now = func() time.Time { return at }
	in := enter(t, c, stranger.handler)
	for _, path := range []string{"/", "/?q=a", "/expiry", "/findings", "/chains"} {
		in.do(http.MethodGet, path, nil, nil)
	}
	if s.reads != 1 {
		t.Errorf("the cluster was read %d times", s.reads)
	}
	in.post("/refresh", nil)
	in.do(http.MethodGet, "/", nil, nil)
	at = at.Add(seenFor + time.Second)
	in.do(http.MethodGet, "/", nil, nil)
	if s.reads != 3 {
		t.Errorf("asked to, and later, it was read %d times", s.reads)
	}
}

func TestTimeline(t *testing.T) {
	day := func(s string) time.Time {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	var s hand.Store
	for _, end := range []string{"2026-05-31", "2026-05-01", "2026-06-02", "2026-06-30", "2026-07-05", "2028-05-31", "2028-06-01", "2040-01-01"} {
		s.Entries = append(s.Entries, hand.Entry{Key: end, Ends: day(end)})
	}
	s.Entries = append(s.Entries, hand.Entry{Key: "never"})
	p := expiryOf([]hand.Store{s}, now, 30*24*time.Hour)
	type bar struct {
		N     int
		Label string
		Year  string
		Class string
	}
	got := map[int]bar{}
	for i, c := range p.Columns {
		if c.N > 0 {
			got[i] = bar{c.N, c.Label, c.Year, c.Class}
		}
	}
	want := map[int]bar{0: {2, "ended", "", "deny"}, 1: {2, "Jun", "2026", "warn"}, 2: {1, "Jul", "", "good"}, 24: {1, "May", "", "good"}, 25: {2, "later", "", "good"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if p.Text != "Ended: 2. Within the next 30 days: 2. Later: 4." || p.Never != 1 || p.Ends[0].Entry.Key != "2026-05-01" {
		t.Errorf("%s, %d never, first %s", p.Text, p.Never, p.Ends[0].Entry.Key)
	}
}

func TestLeft(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "ended", -25 * time.Hour: "2 days ago", time.Hour: "today", 25 * time.Hour: "1 day left", 10*24*time.Hour + time.Hour: "10 days left", 800 * 24 * time.Hour: "2 years left",
	} {
		if got := left(now.Add(d), now); got != want {
			t.Errorf("%s: %s, not %s", d, got, want)
		}
	}
}

func TestChainPicture(t *testing.T) {
	leaf := entry("leaf.der", 100, hand.Good)
	leaf.Chain = hand.Chain{Above: []hand.Place{{Store: "i", Key: "ca.der", Subject: "CN=CA"}, {Store: "t", Key: "root.der", Subject: "CN=Root"}}, Complete: true,
		CRLs: []hand.Place{{Store: "t", Key: "root.crl", Subject: "CN=Root"}}, NoCRL: []string{"CN=CA"}}
	orphan := entry("orphan.der", 100, hand.Good)
	orphan.Chain = hand.Chain{Missing: "CN=Nobody, the one whose name is far too long for a box"}
	kinds := func(p picture) string {
		var out []string
		for _, b := range p.Boxes {
			out = append(out, b.Class+" "+b.Kind+": "+b.Name)
		}
		return strings.Join(out, "; ")
	}
	p := drawChain(leaf)
	if got, want := kinds(p), "there certificate: leaf.der; there authority: CA; there root authority: Root; gone CRL is missing: revocation is not known; there CRL: root.crl"; got != want {
		t.Errorf("%s\nnot %s", got, want)
	}
	if len(p.Links) != 4 || p.Boxes[3].X != p.Boxes[1].X || p.Boxes[4].X != p.Boxes[2].X || p.Height <= p.Boxes[4].Y+p.Boxes[4].H {
		t.Errorf("the boxes do not stand where they should: %+v", p)
	}
	for _, want := range []string{"leaf.der", "issued by CA in i, key ca.der", "issued by Root in t", "no store holds a CRL of CA", "CRL of Root in t, key root.crl"} {
		if !strings.Contains(p.Text, want) {
			t.Errorf("in words it lacks %q: %s", want, p.Text)
		}
	}
	q := drawChain(orphan)
	if got := q.Boxes[1]; got.Class != "gone" || got.Kind != "issuer is missing" || len([]rune(got.Name)) > lettersInBox || !strings.Contains(q.Text, "is missing: no store holds it") {
		t.Errorf("%+v, %s", got, q.Text)
	}
}

// thePlan has one step that is done, and two that are not.
func thePlan() (*hand.Plan, error) {
	return &hand.Plan{Title: "Add x", Store: hand.Store{Namespace: "ns", Name: "x"},
		Steps: []hand.Step{{What: "first", Done: true}, {What: "second"}, {What: "third"}}}, nil
}

func TestProgress(t *testing.T) {
	begun, goOn := make(chan bool), make(chan bool)
	s := plant("x")
	s.plan = thePlan
	s.apply = func(ctx context.Context, p *hand.Plan, told func(hand.Progress)) error {
		told(hand.Progress{Step: 1})
		begun <- true
		<-goOn
		p.Steps[1].Done = true
		told(hand.Progress{Step: 1, Ended: true})
		told(hand.Progress{Step: 2})
		err := errors.New("vault plant-kv: Forbidden")
		told(hand.Progress{Step: 2, Ended: true, Err: err})
		return err
	}
	c, stranger := newConsole(t, s)
	in := enter(t, c, stranger.handler)
	plan := in.post("/vault", url.Values{"at": {"ns/x"}, "secret": {"x"}}).Header().Get("Location")
	if got := in.do(http.MethodGet, plan+"/progress", nil, nil).Header().Get("Location"); got != plan {
		t.Errorf("the progress of what was not begun leads to %q", got)
	}
	if got := in.post(plan+"/apply", nil).Header().Get("Location"); got != plan+"/progress" {
		t.Fatalf("apply leads to %q", got)
	}
	<-begun
	page := in.do(http.MethodGet, plan+"/progress", nil, nil).Body.String()
	for _, want := range []string{"running", "waiting", "hx-trigger", `http-equiv="refresh"`} {
		if !strings.Contains(page, want) {
			t.Errorf("while it runs the page lacks %q", want)
		}
	}
	if res := in.post(plan+"/again", nil); res.Code != http.StatusConflict {
		t.Errorf("planned again while it runs: %d", res.Code)
	}
	for seen, status := range map[string]int{"0": http.StatusOK, "1": http.StatusNoContent} {
		if res := in.do(http.MethodGet, plan+"/progress?seen="+seen, nil, http.Header{"Hx-Request": {"true"}}); res.Code != status {
			t.Errorf("asked again after %s changes: %d", seen, res.Code)
		}
	}
	in.post(plan+"/apply", nil) // a second click
	close(goOn)
	c.applying.Wait()
	page = in.do(http.MethodGet, plan+"/progress", nil, nil).Body.String()
	for _, want := range []string{"It stopped", "vault plant-kv: Forbidden", "Plan again", "failed"} {
		if !strings.Contains(page, want) {
			t.Errorf("at the end the page lacks %q", want)
		}
	}
	if strings.Contains(page, "hx-trigger") || strings.Contains(page, `http-equiv="refresh"`) {
		t.Error("the page goes on asking")
	}
	if got := in.post(plan+"/again", nil).Header().Get("Location"); !strings.HasPrefix(got, "/plan/") || got == plan || len(s.added) != 2 {
		t.Errorf("planned again at %q, %d plans", got, len(s.added))
	}
}

func TestWhatCannotBeUndoneIsAskedTwice(t *testing.T) {
	applied := 0
	s := plant("x")
	s.apply = func(context.Context, *hand.Plan, func(hand.Progress)) error { applied++; return nil }
	c, stranger := newConsole(t, s)
	in := enter(t, c, stranger.handler)
	plan := in.post("/remove", url.Values{"at": {"ns/x"}, "key": {"x"}, "purge": {"1"}}).Header().Get("Location")
	if !s.removed[0].Purge {
		t.Fatal("the purge was not planned")
	}
	for _, form := range []url.Values{{}, {"sure": {""}}, {"sure": {"yes"}}, {"sure": {"PURGE"}}} {
		if res := in.post(plan+"/apply", form); res.Code != http.StatusOK || !strings.Contains(res.Body.String(), "What will be gone for good") {
			t.Errorf("%v: %d", form, res.Code)
		}
	}
	in.post(plan+"/apply", url.Values{"sure": {sure}})
	c.applying.Wait()
	if applied != 1 {
		t.Errorf("applied %d times", applied)
	}
}

func TestRefusal(t *testing.T) {
	s := plant("x")
	s.plan = func() (*hand.Plan, error) {
		p, err := thePlan()
		p.Refusals = []hand.Notice{{Text: "Device press-1 uses it"}}
		return p, err
	}
	c, stranger := newConsole(t, s)
	in := enter(t, c, stranger.handler)
	plan := in.post("/remove", url.Values{"at": {"ns/x"}, "key": {"x"}}).Header().Get("Location")
	page := in.do(http.MethodGet, plan, nil, nil).Body.String()
	if !strings.Contains(page, "Device press-1 uses it") || strings.Contains(page, plan+"/apply") {
		t.Error("the page does not say why, or offers to apply it")
	}
	if res := in.post(plan+"/apply", nil); res.Code != http.StatusConflict {
		t.Errorf("applied: %d", res.Code)
	}
	in.post(plan+"/again", url.Values{"force": {"1"}, "reason": {"scrapped"}})
	if got := s.removed[len(s.removed)-1]; !got.Force || got.Reason != "scrapped" || got.Keys[0] != "x" {
		t.Errorf("forced as %+v", got)
	}
	s.plan = func() (*hand.Plan, error) { return nil, errors.New("there is no key x") }
	if res := in.post("/remove", url.Values{"at": {"ns/x"}, "key": {"x"}}); res.Code != http.StatusUnprocessableEntity || !strings.Contains(res.Body.String(), "there is no key x") {
		t.Errorf("what cannot be planned: %d", res.Code)
	}
}

// What was uploaded stays in memory for a while, and not for ever.
func TestPlansAreForgotten(t *testing.T) {
	s := plant("x")
	c, stranger := newConsole(t, s)
	in := enter(t, c, stranger.handler)
	var all []string
	for range keptPlans + 1 {
		all = append(all, in.post("/vault", url.Values{"at": {"ns/x"}, "secret": {"x"}}).Header().Get("Location"))
	}
	if res := in.do(http.MethodGet, all[0], nil, nil); res.Code != http.StatusNotFound {
		t.Errorf("the oldest: %d", res.Code)
	}
	for _, plan := range all[1:] {
		if res := in.do(http.MethodGet, plan, nil, nil); res.Code != http.StatusOK {
			t.Errorf("a later one: %d", res.Code)
		}
	}
}

func TestTroubleSaysWhatToDo(t *testing.T) {
	s := plant("x")
	c, stranger := newConsole(t, s)
	in := enter(t, c, stranger.handler)
	for path, status := range map[string]int{"/nothing": 404, "/store?at=ns/y": 404, "/entry?at=ns/x&key=y": 404, "/plan/y": 404} {
		res := in.do(http.MethodGet, path, nil, nil)
		if res.Code != status || !strings.Contains(res.Body.String(), "<h1>Trouble</h1>") {
			t.Errorf("%s: %d", path, res.Code)
		}
	}
	res := in.do(http.MethodGet, "/store?at=ns/y", nil, http.Header{"Hx-Request": {"true"}})
	if res.Header().Get("HX-Refresh") != "true" {
		t.Error("a part of a page fails in silence")
	}
	for path, form := range map[string]url.Values{"/vault": {"at": {"ns/x"}}, "/remove": {"at": {"ns/x"}}} {
		if res := in.post(path, form); res.Code != http.StatusBadRequest {
			t.Errorf("%s with nothing chosen: %d", path, res.Code)
		}
	}
}
