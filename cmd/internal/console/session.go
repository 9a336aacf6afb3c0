package console

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// sessions are those that links were exchanged for. Tokens are kept as digests, so that
// looking one up takes no longer the more of it is right.
type sessions struct {
	now   func() time.Time
	mu    sync.Mutex
	links map[[sha256.Size]byte]bool
	all   map[[sha256.Size]byte]*session
}

// session is one browser.
type session struct {
	form string // the word in its forms

	mu    sync.Mutex
	plans []*kept // oldest first
}

// link makes a token that is good for one session.
func (s *sessions) link() string {
	token := rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.links == nil {
		s.links = map[[sha256.Size]byte]bool{}
	}
	s.links[sha256.Sum256([]byte(token))] = true
	return token
}

// exchange gives a session's cookie for a link's token, nil if it is not one, or no more.
func (s *sessions) exchange(token, host string) *http.Cookie {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := sha256.Sum256([]byte(token))
	if !s.links[id] {
		return nil
	}
	delete(s.links, id)
	if s.all == nil {
		s.all = map[[sha256.Size]byte]*session{}
	}
	value := rand.Text()
	s.all[sha256.Sum256([]byte(value))] = &session{form: rand.Text()}
	// It has no end of its own: it goes with the browser, and the session with the process.
	return &http.Cookie{Name: cookieName(host), Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode}
}

// cookieName holds the port, since cookies do not tell ports apart and two consoles may
// run side by side.
func cookieName(host string) string {
	_, port, err := net.SplitHostPort(host)
	if err != nil {
		return "storewarden"
	}
	return "storewarden-" + port
}

// of is the session of a request, nil without one.
func (s *sessions) of(r *http.Request) *session {
	cookie, err := r.Cookie(cookieName(r.Host))
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all[sha256.Sum256([]byte(cookie.Value))]
}

// mayPost tells whether a request carries the word of the session's forms.
func (s *session) mayPost(r *http.Request) bool {
	return subtle.ConstantTimeCompare([]byte(r.PostForm.Get("form")), []byte(s.form)) == 1
}

// keptPlans bounds the plans of a session, which hold what was uploaded.
const keptPlans = 16

// keep remembers a plan, and forgets the oldest that nobody applies.
func (s *session) keep(k *kept) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := 0; len(s.plans) >= keptPlans && i < len(s.plans); {
		if s.plans[i].running() {
			i++
			continue
		}
		s.plans = slices.Delete(s.plans, i, i+1)
	}
	s.plans = append(s.plans, k)
}

// plan is a plan of this session by its token, nil if it has none such.
func (s *session) plan(token string) *kept {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.plans {
		if subtle.ConstantTimeCompare([]byte(k.token), []byte(token)) == 1 {
			return k
		}
	}
	return nil
}
