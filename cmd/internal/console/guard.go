package console

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// policy lets a page load what this server has, and nothing else; no page can be framed,
// and no script or style within a page is obeyed, wherever it came from.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// pageTime bounds what a page may wait for the cluster and the vault.
const pageTime = 3 * time.Minute

// guard stands before everything: it turns away requests that were made to another name,
// or on behalf of another site, sets the headers of every answer, and contains panics.
func (c *Console) guard(next http.Handler, port int) http.Handler {
	hosts := map[string]bool{"127.0.0.1:" + strconv.Itoa(port): true, "localhost:" + strconv.Itoa(port): true}
	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.fail(w, r, nil, foreign())
	}))
	checked := origin.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		defer c.contain(w, r)
		// A name that an attacker's DNS points to loopback reaches this port as well,
		// and the browser would take it for the attacker's own site.
		if !hosts[r.Host] {
			http.Error(w, fmt.Sprintf("This console answers to 127.0.0.1:%d only.", port), http.StatusMisdirectedRequest)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), pageTime)
		defer cancel()
		checked.ServeHTTP(w, r.WithContext(ctx))
	})
}

func foreign() error {
	return &trouble{http.StatusForbidden, "This request was made by another site.",
		"Type the console's address yourself, and use its own pages. Do not reach it through a proxy."}
}

// contain turns a panic into an answer. What panicked is not told: it might hold a value.
func (c *Console) contain(w http.ResponseWriter, r *http.Request) {
	what := recover()
	if what == nil {
		return
	}
	c.opt.Log.Error("a page panicked", "page", r.Pattern, "type", fmt.Sprintf("%T", what), "stack", string(debug.Stack()))
	c.fail(w, r, nil, &trouble{http.StatusInternalServerError, "The console made a mistake of its own.",
		"Go back and try it once more; nothing is written by a page alone. The command's log says where it happened."})
}

// handler answers a request of a session.
type handler func(w http.ResponseWriter, r *http.Request, s *session) error

// withSession lets requests of a session through, and those that change something only
// with the word that the session's forms carry.
func (c *Console) withSession(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := c.sessions.of(r)
		if s == nil {
			c.fail(w, r, nil, &trouble{http.StatusUnauthorized, "This console does not know you.",
				"Open the link that “storewarden console” prints when it starts. It works once: for another browser, stop the command and start it again."})
			return
		}
		// To a browser every port of loopback is the same site, and gets the cookie.
		if from := r.Header.Get("Sec-Fetch-Site"); from == "cross-site" || from == "same-site" {
			c.fail(w, r, nil, foreign())
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			if err := readForm(w, r); err != nil {
				c.fail(w, r, s, err)
				return
			}
			if !s.mayPost(r) {
				c.fail(w, r, s, &trouble{http.StatusForbidden, "This form is not one of this session's.", "Load the page anew and send it again."})
				return
			}
		}
		if err := h(w, r, s); err != nil {
			c.fail(w, r, s, err)
		}
	})
}

// open exchanges a link for a session. The answer is a page that goes on by itself and
// not a redirect: a browser that came from another program, such as a chat or a file,
// would follow a redirect without the strict cookie that it has just been given. Either
// way the token leaves the address bar and the history.
func (c *Console) open(w http.ResponseWriter, r *http.Request) {
	cookie := c.sessions.exchange(r.URL.Query().Get("token"), r.Host)
	if cookie == nil {
		c.fail(w, r, nil, &trouble{http.StatusUnauthorized, "This link is not valid, or was used already.",
			"A link works once. Stop “storewarden console”, start it again and open the link that it prints."})
		return
	}
	http.SetCookie(w, cookie)
	w.Header().Set("Refresh", "0; url=/")
	c.render(w, r, nil, "open", view{Title: "Opening", Body: nil})
}

// asset serves an embedded file. Its name is looked up and never made a path.
func (c *Console) asset(w http.ResponseWriter, r *http.Request) {
	a, ok := c.assets[r.PathValue("name")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", a.kind)
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("ETag", a.tag)
	if strings.Contains(r.Header.Get("If-None-Match"), a.tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write(a.data)
}
