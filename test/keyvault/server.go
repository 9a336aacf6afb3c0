// Package keyvault emulates the secrets part of Azure Key Vault over HTTP, true
// to the wire: the bearer challenge, versions, attributes, tags, pages of 25
// with empty ones between, soft delete, disabled secrets, and the codes and
// words of each refusal. One server holds many vaults, found by the first label
// of the host (my-kv.vault.azure.net) or, where the host is an IP address or
// localhost, by the first segment of the path (/my-kv/secrets/…). Its clients
// are the real ones: the fake that azsecrets brings along replaces the client's
// transport inside one process and so has no wire, hence only the SDK's models
// are used here, for the bodies.
package keyvault

import (
	"maps"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// DefaultTenant is the tenant that owns every vault unless Options says
// otherwise.
const DefaultTenant = "11111111-2222-3333-4444-555555555555"

// Options of a Server. The zero value works.
type Options struct {
	// Now is the emulator's clock; time.Now if nil.
	Now func() time.Time
	// Suffix is the domain in the ids of secrets; vault.azure.net if empty.
	Suffix string
	// Tenant is named in the challenge; DefaultTenant if empty.
	Tenant string
	// Resource is named in the challenge; "https://" + Suffix if empty.
	Resource string
	// Latency is added to every answer.
	Latency time.Duration
	// Listen is where Start listens; a loopback port of the system's choice if empty.
	Listen string
}

// Operation names a call of the REST API.
type Operation string

// The operations that are counted and that a Fault can be limited to.
const (
	// Challenge counts requests without a token, whatever they asked for.
	Challenge          Operation = "Challenge"
	GetSecret          Operation = "GetSecret"
	SetSecret          Operation = "SetSecret"
	UpdateSecret       Operation = "UpdateSecret"
	DeleteSecret       Operation = "DeleteSecret"
	ListSecrets        Operation = "ListSecrets"
	ListVersions       Operation = "ListVersions"
	GetDeletedSecret   Operation = "GetDeletedSecret"
	ListDeletedSecrets Operation = "ListDeletedSecrets"
	RecoverSecret      Operation = "RecoverSecret"
	PurgeSecret        Operation = "PurgeSecret"
	// Token counts requests to the token endpoint (see Server.Authority).
	Token Operation = "Token"
)

// Calls counts requests by operation.
type Calls map[Operation]int

// Server is an http.Handler that answers for all its vaults, and for the token
// endpoint that issues their tokens. It is safe for concurrent use.
type Server struct {
	options Options

	mu       sync.Mutex
	vaults   map[string]*Vault
	calls    Calls
	latency  time.Duration
	login    *loginFault
	trusted  map[string]string // federated subjects by client id
	inFlight int
	busiest  int

	serving serving
}

// New returns a server without vaults.
func New(options Options) *Server {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Suffix == "" {
		options.Suffix = "vault.azure.net"
	}
	if options.Tenant == "" {
		options.Tenant = DefaultTenant
	}
	if options.Resource == "" {
		options.Resource = "https://" + options.Suffix
	}
	return &Server{options: options, vaults: map[string]*Vault{}, calls: Calls{}, latency: options.Latency}
}

// Vault returns the vault of the name, and creates it when it is not there. A
// request to a vault that was never created gets no answer at all, since its
// host would have no address.
func (s *Server) Vault(name string) *Vault {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := strings.ToLower(name)
	v, ok := s.vaults[key]
	if !ok {
		v = &Vault{server: s, name: key, items: map[string]*item{}, calls: Calls{}}
		s.vaults[key] = v
	}
	return v
}

// Calls returns how often each operation was asked for so far, refused and
// failed ones included.
func (s *Server) Calls() Calls {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.calls)
}

// MaxInFlight is the greatest number of requests that were under way at once.
func (s *Server) MaxInFlight() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.busiest
}

// ResetCalls sets all counters to zero, those of the vaults too.
func (s *Server) ResetCalls() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls, s.busiest = Calls{}, s.inFlight
	for _, v := range s.vaults {
		v.calls = Calls{}
	}
}

// SetLatency changes what is added to every answer from now on.
func (s *Server) SetLatency(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latency = d
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer s.enter()()
	if s.serveLogin(w, r) {
		return
	}
	v, path := s.locate(r)
	if v == nil {
		panic(http.ErrAbortHandler) // closes the connection without an answer
	}
	call := parseCall(r.Method, path)
	token, authenticated := bearer(r)
	fault := s.count(v, call, authenticated)
	if !pause(r, s.currentLatency()+fault.Latency) {
		return
	}
	if fault.Drop {
		panic(http.ErrAbortHandler)
	}
	s.header(w)
	if !authenticated {
		s.challenge(w, "AKV10000: Request is missing a Bearer or PoP token.")
		return
	}
	if fault.Status != 0 {
		fault.write(w, s)
		return
	}
	if !v.permitted(token) {
		Denied(ForbiddenByRbac).write(w, s)
		return
	}
	if r.URL.Query().Get("api-version") == "" {
		badParameter("api-version must be specified").write(w)
		return
	}
	v.serve(w, r, call)
}

// enter counts a request in; the returned function counts it out.
func (s *Server) enter() func() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight++
	s.busiest = max(s.busiest, s.inFlight)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.inFlight--
	}
}

// locate finds the vault a request is for, and the path inside it.
func (s *Server) locate(r *http.Request) (*Vault, string) {
	name, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if host := hostname(r.Host); !isBareHost(host) {
		name, _, _ = strings.Cut(host, ".")
		path = strings.TrimPrefix(r.URL.Path, "/")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.vaults[strings.ToLower(name)], path
}

// isBareHost tells a host that cannot carry the vault's name.
func isBareHost(host string) bool {
	return host == "localhost" || net.ParseIP(host) != nil
}

func hostname(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return strings.Trim(hostport, "[]")
}

// count notes the call and takes the fault that waits for it, if any.
func (s *Server) count(v *Vault, call call, authenticated bool) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	op := call.op
	if !authenticated {
		op = Challenge
	}
	s.calls[op]++
	v.calls[op]++
	return v.takeFault(call, authenticated)
}

func (s *Server) currentLatency() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.latency
}

// pause waits, and reports false when the client went away meanwhile.
func pause(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

func bearer(r *http.Request) (token string, ok bool) {
	scheme, token, found := strings.Cut(r.Header.Get("Authorization"), " ")
	return token, found && strings.EqualFold(scheme, "Bearer") && token != ""
}
