package console

import (
	"bytes"
	"context"
	"io"
	"maps"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/storewarden/storewarden/sync/hand"
)

// pages are all that a session can look at, for the store of a plant.
func pages(s string) []string {
	at := "ns/" + s
	return []string{"/", "/?q=" + url.QueryEscape(s), link("/store", "at", at), link("/entry", "at", at, "key", s), "/expiry", "/findings", "/chains",
		link("/add", "at", at), link("/vault", "at", at), link("/remove", "at", at, "key", s)}
}

func TestNobodyWithoutASessionSeesAnything(t *testing.T) {
	c, stranger := newConsole(t, plant("x"))
	enter(t, c, stranger.handler)
	for _, cookie := range []string{"", "storewarden-8321=", "storewarden-8321=" + strings.Repeat("A", 26)} {
		stranger.cookie = cookie
		for _, path := range append(pages("x"), "/plan/x", "/nothing") {
			if res := stranger.do(http.MethodGet, path, nil, nil); res.Code != http.StatusUnauthorized || strings.Contains(res.Body.String(), "CN=x") {
				t.Errorf("GET %s with cookie %q: %d", path, cookie, res.Code)
			}
		}
		for _, path := range []string{"/add", "/vault", "/remove", "/refresh", "/plan/x/apply", "/plan/x/again"} {
			if res := stranger.post(path, nil); res.Code != http.StatusUnauthorized {
				t.Errorf("POST %s with cookie %q: %d", path, cookie, res.Code)
			}
		}
	}
}

func TestALinkWorksOnce(t *testing.T) {
	c, stranger := newConsole(t, plant("x"))
	link := c.Link("")
	for _, wrong := range []string{"/open", "/open?token=", "/open?token=" + strings.Repeat("A", 26), strings.ToLower(link)} {
		if res := stranger.do(http.MethodGet, wrong, nil, nil); res.Code != http.StatusUnauthorized || len(res.Result().Cookies()) > 0 {
			t.Errorf("%s: %d", wrong, res.Code)
		}
	}
	res := stranger.do(http.MethodGet, link, nil, nil)
	cookies := res.Result().Cookies()
	if res.Code != http.StatusOK || len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteStrictMode {
		t.Fatalf("%d, %+v", res.Code, cookies)
	}
	if token := strings.TrimPrefix(link, "/open?token="); res.Header().Get("Refresh") != "0; url=/" || strings.Contains(res.Body.String(), token) || strings.Contains(cookies[0].Value, token) {
		t.Error("the token is kept, or the page does not go on")
	}
	if res := stranger.do(http.MethodGet, link, nil, nil); res.Code != http.StatusUnauthorized || len(res.Result().Cookies()) > 0 {
		t.Errorf("the second time: %d", res.Code)
	}
}

// DNS rebinding: a name of the attacker's leads to loopback, so that the browser takes the
// console for the attacker's own site.
func TestForeignHost(t *testing.T) {
	c, stranger := newConsole(t, plant("x"))
	in := enter(t, c, stranger.handler)
	for _, host := range []string{"evil.example:8321", "evil.example", "127.0.0.1", "127.0.0.1:80", "localhost", "localhost.evil.example:8321", "127.0.0.1:8321.evil.example", "[::1]:8321", ""} {
		in.host = host
		for _, path := range []string{"/", c.Link(""), "/assets/console.css"} {
			if res := in.do(http.MethodGet, path, nil, nil); res.Code != http.StatusMisdirectedRequest || len(res.Result().Cookies()) > 0 {
				t.Errorf("%s as %q: %d", path, host, res.Code)
			}
		}
	}
	in.host = "localhost:8321"
	if res := in.do(http.MethodGet, "/", nil, nil); res.Code != http.StatusOK {
		t.Errorf("localhost: %d", res.Code)
	}
}

func TestForeignOrigin(t *testing.T) {
	s := plant("x")
	c, stranger := newConsole(t, s)
	in := enter(t, c, stranger.handler)
	form := url.Values{"form": {in.form}, "at": {"ns/x"}, "key": {"x"}}
	for name, header := range map[string]http.Header{
		"another site":                     {"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}},
		"another port of loopback":         {"Sec-Fetch-Site": {"same-site"}, "Origin": {"http://127.0.0.1:9999"}},
		"an old browser and another site":  {"Sec-Fetch-Site": nil, "Origin": {"https://evil.example"}},
		"an old browser and a null origin": {"Sec-Fetch-Site": nil, "Origin": {"null"}},
	} {
		for _, path := range []string{"/remove", "/add", "/vault", "/refresh"} {
			if res := in.do(http.MethodPost, path, form, header); res.Code != http.StatusForbidden {
				t.Errorf("%s, %s: %d", name, path, res.Code)
			}
		}
	}
	for _, from := range []string{"cross-site", "same-site"} {
		if res := in.do(http.MethodGet, "/", nil, http.Header{"Sec-Fetch-Site": {from}}); res.Code != http.StatusForbidden || strings.Contains(res.Body.String(), "CN=x") {
			t.Errorf("a page for %s: %d", from, res.Code)
		}
	}
	if len(s.removed)+len(s.added) > 0 {
		t.Error("it was planned all the same")
	}
	if res := in.do(http.MethodPost, "/remove", form, nil); res.Code != http.StatusSeeOther || len(s.removed) != 1 {
		t.Errorf("the console's own form: %d", res.Code)
	}
}

func TestForgedForm(t *testing.T) {
	s := plant("x")
	c, stranger := newConsole(t, s)
	in, other := enter(t, c, stranger.handler), enter(t, c, stranger.handler)
	for name, word := range map[string]string{"none": "", "a guess": strings.Repeat("A", 26), "another session's": other.form} {
		for _, path := range []string{"/remove?form=" + in.form, "/add", "/vault", "/refresh", "/plan/x/apply", "/plan/x/again"} {
			if res := in.do(http.MethodPost, path, url.Values{"form": {word}, "at": {"ns/x"}, "key": {"x"}}, nil); res.Code != http.StatusForbidden {
				t.Errorf("%s, %s: %d", name, path, res.Code)
			}
		}
	}
	if len(s.removed)+len(s.added) > 0 {
		t.Error("it was planned all the same")
	}
	for _, method := range []string{http.MethodGet, http.MethodHead} { // a picture or a link can make these
		if res := in.do(method, "/plan/x/apply?form="+in.form, nil, nil); res.Code != http.StatusNotFound && res.Code != http.StatusMethodNotAllowed {
			t.Errorf("%s of what writes: %d", method, res.Code)
		}
	}
}

func TestAPlanOfAnotherSession(t *testing.T) {
	applied := false
	s := plant("x")
	s.apply = func(context.Context, *hand.Plan, func(hand.Progress)) error { applied = true; return nil }
	c, stranger := newConsole(t, s)
	in, other := enter(t, c, stranger.handler), enter(t, c, stranger.handler)
	plan := in.post("/remove", url.Values{"at": {"ns/x"}, "key": {"x"}}).Header().Get("Location")
	if !strings.HasPrefix(plan, "/plan/") {
		t.Fatalf("planned at %q", plan)
	}
	if res := other.do(http.MethodGet, plan, nil, nil); res.Code != http.StatusNotFound {
		t.Errorf("the page: %d", res.Code)
	}
	if res := other.post(plan+"/apply", url.Values{"sure": {sure}}); res.Code != http.StatusNotFound {
		t.Errorf("applied: %d", res.Code)
	}
	if res := other.post(plan+"/again", nil); res.Code != http.StatusNotFound {
		t.Errorf("planned again: %d", res.Code)
	}
	c.applying.Wait()
	if applied {
		t.Error("it was applied")
	}
}

// Every name that a stranger may choose comes with markup in it, into text, attributes,
// addresses and pictures.
func TestScriptInNames(t *testing.T) {
	s := plant(evil)
	s.apply = func(_ context.Context, _ *hand.Plan, told func(hand.Progress)) error {
		told(hand.Progress{Step: 0})
		return io.ErrUnexpectedEOF
	}
	c, stranger := newConsole(t, s)
	in := enter(t, c, stranger.handler)
	check := func(what string, res *httptest.ResponseRecorder, status int) {
		t.Helper()
		if res.Code != status {
			t.Errorf("%s: %d", what, res.Code)
		}
		inert(t, what, res.Body.Bytes())
	}
	for _, path := range pages(evil) {
		check(path, in.do(http.MethodGet, path, nil, nil), http.StatusOK)
	}
	for _, path := range []string{link("/store", "at", evil), link("/entry", "at", "ns/"+evil, "key", evil+"x")} {
		check(path, in.do(http.MethodGet, path, nil, nil), http.StatusNotFound)
	}
	plan := in.post("/vault", url.Values{"at": {"ns/" + evil}, "secret": {evil}}).Header().Get("Location")
	check("plan", in.do(http.MethodGet, plan, nil, nil), http.StatusOK)
	check("confirm", in.post(plan+"/apply", url.Values{"sure": {evil}}), http.StatusOK)
	in.post(plan+"/apply", url.Values{"sure": {sure}})
	c.applying.Wait()
	check("progress", in.do(http.MethodGet, plan+"/progress", nil, nil), http.StatusOK)
}

// inert fails for anything in a page that could run: scripts beside the two files, event
// handlers, styles, addresses that leave the console, and pictures; and for a character
// that turns around the text that is shown.
func inert(t *testing.T, what string, page []byte) {
	t.Helper()
	z := html.NewTokenizer(bytes.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.TextToken:
			if text := z.Token().Data; strings.ContainsRune(text, '\u202e') {
				t.Errorf("%s: this shows as something else: %q", what, text)
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			tag := z.Token()
			if slices.Contains([]string{"img", "style", "iframe", "object", "embed", "base", "foreignobject", "use", "animate", "set"}, tag.Data) {
				t.Errorf("%s: there is a %s", what, tag)
			}
			for _, a := range tag.Attr {
				own := strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "//") || strings.HasPrefix(a.Val, "#")
				switch {
				case (a.Key == "title" || a.Key == "aria-label") && strings.ContainsRune(a.Val, '\u202e'):
					t.Errorf("%s: this shows as something else: %q", what, a.Val)
				case strings.HasPrefix(a.Key, "on"), strings.HasPrefix(a.Key, "hx-on"), strings.HasPrefix(a.Key, "hx-vars"), a.Key == "style", a.Key == "srcdoc":
					t.Errorf("%s: there is a %s", what, tag)
				case a.Key == "src" && tag.Data == "script" && a.Val != "/assets/htmx.min.js" && a.Val != "/assets/console.js":
					t.Errorf("%s: there is a %s", what, tag)
				case slices.Contains([]string{"href", "src", "action", "formaction", "hx-get", "hx-post", "xlink:href"}, a.Key) && !own:
					t.Errorf("%s: %s leads away", what, tag)
				}
			}
			if tag.Data == "script" && !slices.ContainsFunc(tag.Attr, func(a html.Attribute) bool { return a.Key == "src" }) {
				t.Errorf("%s: there is a script in the page", what)
			}
		}
	}
}

func TestPathTraversal(t *testing.T) {
	_, stranger := newConsole(t, plant("x"))
	for _, path := range []string{"/assets/../console.go", "/assets/..%2fconsole.go", "/assets/%2e%2e/templates/layout.html", "/assets/..%5cconsole.go", "/assets/%2fetc%2fpasswd",
		"/assets/", "/assets/htmx.LICENSE", "/assets/console.css/..", "/assets/console.css%00.js", "//etc/passwd", "/templates/layout.html"} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:8321/", nil)
		u, err := url.Parse("http://127.0.0.1:8321" + path)
		if err != nil {
			t.Fatal(err)
		}
		r.URL = u
		w := httptest.NewRecorder()
		stranger.handler.ServeHTTP(w, r)
		if w.Code == http.StatusOK {
			t.Errorf("%s was answered: %.40q", path, w.Body)
		}
	}
	for name, kind := range map[string]string{"console.css": "text/css; charset=utf-8", "console.js": "text/javascript; charset=utf-8", "htmx.min.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml"} {
		if res := stranger.do(http.MethodGet, "/assets/"+name, nil, nil); res.Code != http.StatusOK || res.Header().Get("Content-Type") != kind {
			t.Errorf("%s: %d, %s", name, res.Code, res.Header().Get("Content-Type"))
		}
	}
}

// upload is a form with files, as a browser sends it.
func (c *client) upload(files map[string][]byte) *httptest.ResponseRecorder {
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	_ = m.WriteField("form", c.form)
	_ = m.WriteField("at", "ns/x")
	for _, name := range slices.Sorted(maps.Keys(files)) {
		w, err := m.CreateFormFile("file", name)
		if err != nil {
			c.t.Fatal(err)
		}
		_, _ = w.Write(files[name])
	}
	_ = m.Close()
	r := httptest.NewRequestWithContext(c.t.Context(), http.MethodPost, "/add", &body)
	r.Host = c.host
	r.Header = http.Header{"Content-Type": {m.FormDataContentType()}, "Sec-Fetch-Site": {"same-origin"}, "Cookie": {c.cookie}}
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	return w
}

func TestUpload(t *testing.T) {
	s := plant("x")
	c, stranger := newConsole(t, s)
	in := enter(t, c, stranger.handler)
	for name, files := range map[string]map[string][]byte{
		"one file":  {"a.der": make([]byte, maxUpload+maxFields+1)},
		"two files": {"a.der": make([]byte, maxUpload), "b.der": make([]byte, maxUpload/2)},
	} {
		if res := in.upload(files); res.Code != http.StatusRequestEntityTooLarge || !strings.Contains(res.Body.String(), "4 MiB") {
			t.Errorf("%s: %d", name, res.Code)
		}
	}
	if len(s.added) > 0 {
		t.Error("it was planned all the same")
	}
	if res := in.upload(nil); res.Code != http.StatusBadRequest {
		t.Errorf("without a file: %d", res.Code)
	}
	// What a browser calls a file is no path of ours.
	if res := in.upload(map[string][]byte{`C:\keys\..\a.der`: []byte("secret-value-1")}); res.Code != http.StatusSeeOther {
		t.Fatalf("a file: %d, %s", res.Code, res.Body)
	}
	if got := s.added[0].Items[0]; got.File != "a.der" || string(got.Data) != "secret-value-1" {
		t.Errorf("it came as %q", got.File)
	}
}

// What is uploaded may be a private key.
func TestNoValueInAPage(t *testing.T) {
	const value = "secret-value-2"
	s := plant("x")
	c, stranger := newConsole(t, s)
	in := enter(t, c, stranger.handler)
	plan := in.upload(map[string][]byte{"a.pem": []byte(value)}).Header().Get("Location")
	for _, path := range append(pages("x"), plan) {
		if strings.Contains(in.do(http.MethodGet, path, nil, nil).Body.String(), value) {
			t.Errorf("%s shows what was uploaded", path)
		}
	}
}

func TestHeaders(t *testing.T) {
	c, stranger := newConsole(t, plant("x"))
	in := enter(t, c, stranger.handler)
	for name, res := range map[string]*httptest.ResponseRecorder{
		"a page": in.do(http.MethodGet, "/", nil, nil), "nobody": stranger.do(http.MethodGet, "/", nil, nil), "no page": in.do(http.MethodGet, "/x", nil, nil),
		"a link": stranger.do(http.MethodGet, c.Link(""), nil, nil), "a file": in.do(http.MethodGet, "/assets/console.js", nil, nil), "a form": in.post("/refresh", nil),
	} {
		h := res.Header()
		policy := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"} {
			if !strings.Contains(policy+";", want+";") {
				t.Errorf("%s: the policy lacks %s: %s", name, want, policy)
			}
		}
		if strings.Contains(policy, "unsafe") || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %v", name, h)
		}
		if want := "no-store"; name != "a file" && h.Get("Cache-Control") != want {
			t.Errorf("%s: Cache-Control %s", name, h.Get("Cache-Control"))
		}
	}
}

func TestAPanicIsContained(t *testing.T) {
	s := plant("x")
	s.plan = func() (*hand.Plan, error) { panic("secret-value-3") }
	c, stranger := newConsole(t, s)
	in := enter(t, c, stranger.handler)
	res := in.post("/remove", url.Values{"at": {"ns/x"}, "key": {"x"}})
	if res.Code != http.StatusInternalServerError || strings.Contains(res.Body.String(), "secret-value-3") || !strings.Contains(res.Body.String(), "mistake of its own") {
		t.Errorf("%d, %s", res.Code, res.Body)
	}
	s.plan = plant("x").plan
	s.apply = func(context.Context, *hand.Plan, func(hand.Progress)) error { panic("secret-value-3") }
	plan := in.post("/remove", url.Values{"at": {"ns/x"}, "key": {"x"}}).Header().Get("Location")
	in.post(plan+"/apply", url.Values{"sure": {sure}})
	c.applying.Wait()
	page := in.do(http.MethodGet, plan+"/progress", nil, nil).Body.String()
	if strings.Contains(page, "secret-value-3") || !strings.Contains(page, "It stopped") {
		t.Error("a panic while a plan is applied is not told, or told in full")
	}
}

func TestLoopbackOnly(t *testing.T) {
	c, _ := newConsole(t, plant("x"))
	if err := c.Serve(t.Context(), elsewhere{}); err == nil || !strings.Contains(err.Error(), "loopback") {
		t.Errorf("it served another address: %v", err)
	}
}

// elsewhere is a port that others can reach, as far as its address goes.
type elsewhere struct{}

func (elsewhere) Addr() net.Addr            { return &net.TCPAddr{IP: net.IPv4zero, Port: port} }
func (elsewhere) Accept() (net.Conn, error) { return nil, net.ErrClosed }
func (elsewhere) Close() error              { return nil }

func TestNoRedirectAway(t *testing.T) {
	c, stranger := newConsole(t, plant("x"))
	in := enter(t, c, stranger.handler)
	for back, want := range map[string]string{"/expiry": "/expiry", "https://evil.example": "/", "//evil.example": "/", `/\evil.example`: "/", "": "/"} {
		if got := in.post("/refresh", url.Values{"back": {back}}).Header().Get("Location"); got != want {
			t.Errorf("back to %q led to %q", back, got)
		}
	}
}
